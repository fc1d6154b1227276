/**
 * For each shell a function that asks `aircrate complete` for the words, and leaves files and folders to the shell. The
 * program is the one that stands in the line, so a path to it works as well.
 */
export const SCRIPTS: Readonly<Record<"bash" | "zsh" | "fish", string>> = {
  // Bash takes ":" and "=" for the ends of words, so what is before the last one of the word is there already.
  bash: `# Completion of aircrate for bash 4 or later.
_aircrate() {
  local line=\${COMP_LINE:0:COMP_POINT} words kind word there=
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local last=\${words[\${#words[@]} - 1]}
  [[ $last == *[:=]* ]] && there=\${last%"\${last##*[:=]}"}
  COMPREPLY=()
  {
    read -r kind
    while IFS=$'\\t' read -r word _; do COMPREPLY+=("\${word#"$there"}"); done
  } < <("$1" complete -- "\${words[@]:1}" 2> /dev/null)
  case $kind in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
}
complete -F _aircrate aircrate
`,
  zsh: `#compdef aircrate
# Completion of aircrate for zsh.
_aircrate() {
  local kind word description
  local -a candidates
  {
    read -r kind
    while IFS=$'\\t' read -r word description; do
      candidates+=("\${word//:/\\\\:}\${description:+:$description}")
    done
  } < <($words[1] complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
  [[ $kind == words ]] || compset -P '--*='
  case $kind in
    files) _files ;;
    folders) _files -/ ;;
    words) _describe aircrate candidates ;;
  esac
}
if [ "$funcstack[1]" = _aircrate ]; then _aircrate "$@"; else compdef _aircrate aircrate; fi
`,
  fish: `# Completion of aircrate for fish.
function __aircrate_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] complete -- $words[2..] "$current" 2> /dev/null)
    set -l there (string match -r -- '^--[^=]*=' "$current")
    set -l path (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$answer[1]"
        case files
            __fish_complete_path $path | string replace -r -- '^' "$there"
        case folders
            __fish_complete_directories $path '' | string replace -r -- '^' "$there"
        case '*'
            string join \\n -- $answer[2..]
    end
end
complete -c aircrate -f -a '(__aircrate_complete)'
`,
};
