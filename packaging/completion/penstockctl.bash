# Completion of penstockctl for bash. tests/integration/test_ctl_completion.py holds it against the help of every command.

# The command line in `words`, the word at the cursor in `word`, the number of it in `at`, and in `behind` what readline
# has of that word already. Bash also splits at = and :, which are parts of words here, such as --url=http://127.0.0.1.
_penstockctl_words() {
  local line=$COMP_LINE i
  words=()
  at=0
  for ((i = 0; i < ${#COMP_WORDS[@]}; ++i)); do
    if ((i > 0)) && [[ -n $COMP_LINE && $line != [[:space:]]* && -n $line ]]; then
      words[-1]+=${COMP_WORDS[i]}
    else
      words+=("${COMP_WORDS[i]}")
    fi
    line=${line#"${line%%[![:space:]]*}"}
    line=${line#"${COMP_WORDS[i]}"}
    ((i == COMP_CWORD)) && at=$((${#words[@]} - 1)) && break
  done
  word=${words[at]}
  behind=""
  for ((i = ${#word}; i > 0; --i)); do
    if [[ $COMP_WORDBREAKS == *"${word:i-1:1}"* && -n $COMP_LINE ]]; then
      behind=${word:0:i}
      break
    fi
  done
}

_penstockctl() {
  local words word at behind
  _penstockctl_words
  local before=${words[at - 1]} value=$word given=""
  if [[ $word == --*=* ]]; then
    before=${word%%=*} value=${word#*=} given=${word%%=*}=
  fi
  local flags=" --help -h --version --json --wait --no-wait --all --yes -y --here "
  local everywhere="--help --url --socket --timeout --json"
  local filter="--reason --provider --cause --kind --customer --since --before --age"
  local message="--from --to --body --key --customer --wait --for"
  local path="" commands="" options="" i

  # The command so far: words that are neither options nor their values.
  for ((i = 1; i < at; ++i)); do
    case "${words[i]}" in
      -*=*) ;;
      -*) [[ $flags == *" ${words[i]} "* ]] || ((++i)) ;;
      *)
        case "$path ${words[i]}" in
          " status" | " top" | " send" | " queue" | " dead-letters" | " reload" | " drain" | " config" | " bench" | \
            " send sms" | " send mms" | " send email" | " queue stats" | \
            " dead-letters list" | " dead-letters show" | " dead-letters causes" | " dead-letters replay" | \
            " dead-letters discard" | " config check" | " config show" | " config reference")
            path+=" ${words[i]}"
            ;;
        esac
        ;;
    esac
  done

  COMPREPLY=()
  if [[ -n $given || ($before == -* && $flags != *" $before "* && $before != *=*) ]]; then
    local choices=""
    case "$before" in
      # Readline itself knows best what files there are and how their names are quoted.
      --socket | --config | -c) compopt -o default 2>/dev/null ;;
      --folder) compopt -o dirnames 2>/dev/null ;;
      --queue) choices="sqlite memory" ;;
      --kind) choices="outbound_message inbound_message delivery_status" ;;
    esac
    [[ -z $choices ]] || mapfile -t COMPREPLY < <(compgen -P "$given" -W "$choices" -- "$value")
    COMPREPLY=("${COMPREPLY[@]#"$behind"}")
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
