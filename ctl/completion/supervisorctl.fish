# Completion of supervisorctl for fish.
function __supervisorctl_complete
	set -l words (commandline -opc)
	$words[1] __complete $words[2..] (commandline -ct) 2>/dev/null
end
complete -c supervisorctl -f -a '(__supervisorctl_complete)'
