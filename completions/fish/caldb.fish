function _caldb_completion
    set -l word (commandline -ct)
    for answer in (env COMP_WORDS=(commandline -cp | string collect) COMP_CWORD=$word \
            _CALDB_COMPLETE=fish_complete caldb 2>/dev/null)
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
complete --no-files --command caldb --arguments '(_caldb_completion)'
