#!/bin/sh
# Starts a restart, waits for its task, and goes by how it ended. Who asks about which instance is in the environment:
# DMSWAIT_REGION, DMSWAIT_INSTANCE_ID, DMSWAIT_ACCESS_KEY, DMSWAIT_SECRET_KEY.
set -eu

task=$(./start-restart.sh) # prints the job_id in the API's answer

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

code=0
dmswait --task-id "$task" --timeout 30m --format none --output-file "$folder/dms.env" || code=$?

# Nothing in the file can run when it is sourced. It is there for every result, but not where dmswait is not.
[ -f "$folder/dms.env" ] || exit "$code"
. "$folder/dms.env"

case $code in
0) echo "$DMS_STATUS after $DMS_DURATION s" ;;
1 | 3) echo "the restart came to nothing: $DMS_STATUS" ;;
75) echo "the API is down, run it again later" ;;
124) echo "still running${DMS_PROGRESS:+ at $DMS_PROGRESS %} after $DMS_WAITED s" ;;
*) echo "no answer about task $task: $DMS_RESULT" ;;
esac
exit "$code"
