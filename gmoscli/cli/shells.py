"""What lets each shell complete a command: scripts that ask the command itself, through click.

Each answer has a type. A ``plain`` one takes the place of the word, or, behind ``--option=``, of
its value; a ``file`` one is the end of the word that is a path. Readline breaks words at ``:``,
``=`` and ``@`` as well as at blanks: the script joins them, and gives back what readline replaces.
"""

BASH = r"""
FUNCTION() {
    local IFS=$'\n' rest=${COMP_LINE:0:COMP_POINT} words=() i
    local word blanks lead type value before path
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        rest=${rest#"$word"}
        if [[ $i -gt 0 && -z $blanks && ( $word == [:=@]* || ${words[-1]} == *[:=@] ) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    lead=${words[-1]%"$2"}
    [[ $lead != --*=* ]] || lead=${lead#*=}
    while IFS=, read -r type value; do
        before=${2%"$value"}
        if [[ $type == plain ]]; then
            [[ $value != *[:=] ]] || compopt -o nospace
            COMPREPLY+=("${value#"$lead"}")
        elif [[ $type == dir ]]; then
            compopt -o dirnames
        elif [[ $type == file && $before == *[:=@] ]]; then
            while read -r path; do
                [[ ! -d $path ]] || { path+=/ && compopt -o nospace; }
                printf -v path %q "$path"
                COMPREPLY+=("$before$path")
            done < <(compgen -f -- "$value")
        elif [[ $type == file ]]; then
            compopt -o default
        fi
    done < <(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \
        VARIABLE=bash_complete "${1/#\~/$HOME}" 2>/dev/null)
}
complete -o nosort -F FUNCTION COMMAND
"""

ZSH = r"""
#compdef COMMAND
FUNCTION() {
    local -a plain open described answers
    local type value help lead
    [[ $PREFIX != --*=* ]] || lead=${PREFIX%%=*}=
    answers=("${(@f)$(env COMP_WORDS="${(F)words[1,CURRENT-1]}
$PREFIX" COMP_CWORD=$((CURRENT-1)) VARIABLE=zsh_complete ${~words[1]} 2>/dev/null)}")
    for type value help in "${answers[@]}"; do
        if [[ $type == (file|dir) ]]; then
            compset -p $((${#PREFIX} - ${#value}))
            _path_files ${${type:#file}:+-/}
        elif [[ $type != plain ]]; then
            continue
        elif [[ $help != _ ]]; then
            described+=("$value:$help")
        elif [[ $value == *[:=] ]]; then
            open+=("$lead$value")
        else
            plain+=("$lead$value")
        fi
    done
    (( ! $#described )) || _describe -V unsorted described -U
    (( ! $#open )) || compadd -U -S '' -V unsorted -a open
    (( ! $#plain )) || compadd -U -V unsorted -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    FUNCTION "$@"
else
    compdef FUNCTION COMMAND
fi
"""

FISH = r"""
function FUNCTION
    set -l word (commandline -ct)
    for answer in (env COMP_WORDS=(commandline -cp | string collect) COMP_CWORD=$word \
            VARIABLE=fish_complete COMMAND 2>/dev/null)
        set -l parts (string split -m 1 , -- $answer)
        if test $parts[1] = plain
            set -l lead (string match -r -- '^--[^=]+=' $word)
            echo -- "$lead$parts[2]"
        else if contains -- $parts[1] file dir
            set -l length (math (string length -- "$word") - (string length -- "$parts[2]"))
            set -l lead (string sub -l $length -- "$word" | string match -r '.*[:=@]$')
            set -l paths (__fish_complete_path "$parts[2]")
            if test $parts[1] = dir
                set paths (__fish_complete_directories "$parts[2]")
            end
            for path in $paths
                echo -- "$lead$path"
            end
        end
    end
end
complete --no-files --command COMMAND --arguments '(FUNCTION)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
"""Of each shell, for a COMMAND, with a shell's FUNCTION and the VARIABLE that click looks at."""
