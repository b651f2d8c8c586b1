#!/bin/sh
# Starts a restart, waits for its task, and acts on the result. The environment provides the
# instance and the credentials: DMSWAIT_REGION, DMSWAIT_INSTANCE_ID, DMSWAIT_ACCESS_KEY,
# DMSWAIT_SECRET_KEY.
set -eu

task=$(./start-restart.sh) # prints the job_id from the API's response

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

code=0
dmswait --task-id "$task" --timeout 30m --format none --output-file "$folder/dms.env" || code=$?

# The file is safe to source: nothing in it can run. dmswait writes it for every result; it is
# missing only if dmswait itself did not run, or could not write it.
[ -f "$folder/dms.env" ] || exit "$code"
# shellcheck source=/dev/null
. "$folder/dms.env"

case $code in
0) echo "$DMS_STATUS after $DMS_DURATION s" ;;
1 | 3) echo "the restart did not succeed: $DMS_STATUS" ;;
75) echo "the API is unavailable; run this script again later" ;;
124) echo "still running${DMS_PROGRESS:+ at $DMS_PROGRESS %} after $DMS_WAITED s" ;;
*) echo "the state of task $task is unknown: $DMS_RESULT" ;;
esac
exit "$code"
