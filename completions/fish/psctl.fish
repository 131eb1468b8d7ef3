# Completion of psctl, psdata, psinfer, psserver and psworker for fish. What
# may stand in a place is what the program itself says: psmith(7), COMPLETION.

function __psmith_complete
    set -l words (commandline -opc)
    set -l current (string unescape -- (commandline -ct))
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l answer (command $program __complete $words[2..] "$current" 2>/dev/null)
    test (count $answer) -gt 0; or return
    set -l last (string split -m 1 ' ' -- $answer[-1])
    set -l prefix "$last[2]"
    # As it is written (~ has a meaning), unless a quote stands in front.
    set -l length (string length -- "$prefix")
    set -l path (string sub -s (math $length + 1) -- (commandline -ct))
    if test (string sub -l $length -- (commandline -ct)) != "$prefix"
        set path (string escape -- (string sub -s (math $length + 1) -- "$current"))
    end
    string join \n -- $answer[..-2]
    switch $last[1]
        case :files
            printf '%s\n' $prefix(complete -C "__psmith_nothing $path")
        case :dirs
            printf '%s\n' $prefix(__fish_complete_directories "$path" '')
    end
end

for program in psctl psdata psinfer psserver psworker
    complete -c $program -e # this file may have been read under another name
    complete -c $program -f -a '(__psmith_complete)'
end
