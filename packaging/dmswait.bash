# Generated from the table of inputs by: go test ./test/repo -update

_dmswait() {
  local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}
  # bash makes three words of --format=json.
  if [[ $word = = ]]; then
    word=
  elif [[ $flag = = ]]; then
    flag=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=() # without an entry, bash completes names of files
  # shellcheck disable=SC2207 # no entry contains a blank; macOS has no mapfile
  case $flag in
    --until) COMPREPLY=($(compgen -W 'ready idle deleted' -- "$word")) ;;
    --succeed-on)
      local before=
      [[ $word != *,* ]] || before=${word%,*},
      COMPREPLY=($(compgen -P "$before" -W 'failure cancelled not_found timeout running unavailable' -- "${word##*,}"))
      ;;
    --format) COMPREPLY=($(compgen -W 'text json none' -- "$word")) ;;
    --log-format) COMPREPLY=($(compgen -W 'text json' -- "$word")) ;;
    --instance-id | --task-id | --task-name | --since | --settle | --region | --project-id | --project-name | --endpoint | --timeout | --interval | --max-interval | --not-found-grace | --max-outage | --request-timeout | --provider-urn | --agency-urn | --oidc-audience | --idp-id | --access-key | --username | --domain-name | --credentials-file | --iam-endpoint | --sts-endpoint | --output-file | --output-prefix | --results-dir) ;;
    *) COMPREPLY=($(compgen -W '--instance-id --task-id --task-name --since --until --settle --fail-fast --region --project-id --project-name --endpoint --timeout --interval --max-interval --not-found-grace --max-outage --request-timeout --provider-urn --agency-urn --oidc-audience --idp-id --access-key --username --domain-name --ecs-metadata --pod-identity --credentials-file --iam-endpoint --sts-endpoint --succeed-on --format --log-format --quiet --debug --output-file --output-prefix --results-dir --dry-run --help --version' -- "$word")) ;;
  esac
}
complete -o default -F _dmswait dmswait
