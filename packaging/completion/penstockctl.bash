# Completion of penstockctl for bash. tests/integration/test_ctl_service.py holds it against the help of every command.

_penstockctl() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local flags=" --help -h --version --json --wait --no-wait --all --yes -y --here "
  local everywhere="--help --url --socket --timeout --json"
  local filter="--reason --provider --cause --kind --customer --since --before --age"
  local message="--from --to --body --key --customer --wait --for"
  local path="" commands="" options="" i

  # The command so far: words that are neither options nor their values.
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "${COMP_WORDS[i]}" in
      -*=*) ;;
      -*) [[ $flags == *" ${COMP_WORDS[i]} "* ]] || ((++i)) ;;
      *)
        case "$path ${COMP_WORDS[i]}" in
          " status" | " top" | " send" | " queue" | " dead-letters" | " reload" | " drain" | " config" | " bench" | \
            " send sms" | " send mms" | " send email" | " queue stats" | \
            " dead-letters list" | " dead-letters show" | " dead-letters causes" | " dead-letters replay" | \
            " dead-letters discard" | " config check" | " config show" | " config reference")
            path+=" ${COMP_WORDS[i]}"
            ;;
        esac
        ;;
    esac
  done

  COMPREPLY=()
  if [[ $before == -* && $flags != *" $before "* && $before != *=* ]]; then
    case "$before" in
      --socket | --config | -c) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
      --folder) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
      --queue) mapfile -t COMPREPLY < <(compgen -W "sqlite memory" -- "$word") ;;
      --kind) mapfile -t COMPREPLY < <(compgen -W "outbound_message inbound_message delivery_status" -- "$word") ;;
    esac
    return
  fi

  case "$path" in
    "")
      commands="status top send queue dead-letters reload drain config bench"
      options="--version"
      ;;
    " send") commands="sms mms email" ;;
    " queue") commands="stats" ;;
    " dead-letters") commands="list show causes replay discard" ;;
    " config") commands="check show reference" ;;
    " status") options="--interval" ;;
    " top") options="--interval --count" ;;
    " send sms") options=$message ;;
    " send mms") options="$message --attach" ;;
    " send email") options="$message --subject --attach" ;;
    " dead-letters list") options="$filter --page --limit" ;;
    " dead-letters causes") options=$filter ;;
    " dead-letters replay") options="$filter --cap --spread --all --yes" ;;
    " dead-letters discard") options="--yes" ;;
    " drain") options="--no-wait --for" ;;
    " config check" | " config show" | " config reference") options="--config --define" ;;
    " bench") options="--here --seconds --connections --queue --folder" ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$everywhere $options" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
  fi
}

complete -F _penstockctl penstockctl
