# Generated from the table of inputs by: go test ./test/repo -update

complete -c dmswait -f
complete -c dmswait -l instance-id -d 'id of the instance, or of several; not needed if each task_id has it' -x
complete -c dmswait -l task-id -d 'id of the task, or of several; also as INSTANCE/TASK' -x
complete -c dmswait -l task-name -d 'instead of task_id: the newest task with this name created after since' -x
complete -c dmswait -l since -d 'with task_name: the time just before the call that starts the task, or how long ago by the server\'s clock (5m)' -x
complete -c dmswait -l until -d 'instead of a task: until the instance is ready, idle or deleted' -x -a 'ready idle deleted'
complete -c dmswait -l settle -d 'with until: how long ready or idle must last to count' -x
complete -c dmswait -l fail-fast -d 'stop as soon as one of several targets does not succeed'
complete -c dmswait -l region -d 'e.g. cn-north-4; required unless endpoint and project are given' -x
complete -c dmswait -l project-id -d 'the project of the instance' -x
complete -c dmswait -l project-name -d 'the project to look up, e.g. cn-north-4_prod' -x
complete -c dmswait -l endpoint -d 'base URL of the DMS API, e.g. https://dms.cn-north-4.myhuaweicloud.com' -x
complete -c dmswait -l timeout -d 'longest wait; at 0, the first valid response decides' -x
complete -c dmswait -l interval -d 'first pause between polls' -x
complete -c dmswait -l max-interval -d 'longest pause between polls, before jitter' -x
complete -c dmswait -l not-found-grace -d 'longest time the task may be missing' -x
complete -c dmswait -l max-outage -d 'longest time without a valid response' -x
complete -c dmswait -l request-timeout -d 'longest time for one request' -x
complete -c dmswait -l provider-urn -d 'keyless: the OIDC provider, iam::<account>:oidcProvider:<name>; with agency_urn' -x
complete -c dmswait -l agency-urn -d 'keyless: the trust agency, iam::<account>:agency:<name>' -x
complete -c dmswait -l oidc-audience -d 'audience of the ID token that is requested from GitHub' -x
complete -c dmswait -l idp-id -d 'keyless: the id of an IAM identity provider' -x
complete -c dmswait -l access-key -d 'access key (AK), permanent or temporary' -x
complete -c dmswait -l username -d 'IAM user; with password and domain_name' -x
complete -c dmswait -l domain-name -d 'the account of the IAM user' -x
complete -c dmswait -l ecs-metadata -d 'log in with the agency of the ECS that dmswait runs on'
complete -c dmswait -l pod-identity -d 'log in with the CCE pod identity of the pod that dmswait runs in'
complete -c dmswait -l credentials-file -d 'log in with a profile in the official SDK\'s format' -r -F
complete -c dmswait -l iam-endpoint -d 'base URL of IAM' -x
complete -c dmswait -l sts-endpoint -d 'base URL of STS' -x
complete -c dmswait -l succeed-on -d 'results that also exit 0: failure, cancelled, not_found, timeout, running, unavailable' -x -a '(__fish_complete_list , "string split \" \" \"failure cancelled not_found timeout running unavailable\"")'
complete -c dmswait -l format -d 'format of the result on stdout: text, json, none' -x -a 'text json none'
complete -c dmswait -l log-format -d 'log format on stderr: text, json (one object per line)' -x -a 'text json'
complete -c dmswait -l quiet -d 'no log and no text result if it exits 0 or the task is still running'
complete -c dmswait -l debug -d 'log a line for each request'
complete -c dmswait -l output-file -d 'also write the result to this file: JSON if it ends in .json, else dotenv' -r -F
complete -c dmswait -l output-prefix -d 'prefix of the keys in dotenv' -x
complete -c dmswait -l results-dir -d 'also write one file per output into this folder (Tekton, Argo)' -x -a '(__fish_complete_directories)'
complete -c dmswait -l dry-run -d 'check the inputs and show the plan; send nothing'
complete -c dmswait -l help -d 'print the inputs and exit'
complete -c dmswait -l version -d 'print the version and exit'
