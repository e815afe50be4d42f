# shellcheck shell=bash
# bash completion of ipsecmon(1), which itself says what fits.

_ipsecmon()
{
	# Not COMP_WORDS: bash parts words at colons, of which IPv6 addresses have many.
	local line=${COMP_LINE:0:COMP_POINT} words candidate lead
	read -ra words <<< "$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	local last=$((${#words[@]} - 1))
	COMPREPLY=()
	if [[ ${words[last - 1]} = -c && $last -gt 1 ]]; then
		compopt -o default
		return
	fi
	lead=${words[last]%"${words[last]##*:}"}        # what stands before the part that bash replaces
	while IFS=$'\t' read -r candidate _; do
		COMPREPLY+=("${candidate#"$lead"}")
	done < <("${words[0]}" --complete "${words[@]:1}" 2> /dev/null)
}
complete -F _ipsecmon ipsecmon
