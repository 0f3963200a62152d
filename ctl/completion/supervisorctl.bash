# Completion of supervisorctl for bash.
_supervisorctl() {
	local line=${COMP_LINE:0:COMP_POINT} word prefix
	local -a words
	read -ra words <<<"$line"
	word=${line##*[[:space:]]}
	[[ -n $word ]] && unset 'words[-1]'
	local IFS=$'\n'
	COMPREPLY=($("${words[0]}" __complete "${words[@]:1}" "$word" 2>/dev/null))
	# A colon divides words for bash: what stands before the last one is there already.
	if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
		prefix=${word%"${word##*:}"}
		COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
	fi
}
complete -F _supervisorctl supervisorctl
