package compat

// Difference is something that is not as in Supervisor, on purpose.
type Difference struct {
	Code       string // by which the tables refer to it
	Area       string
	Supervisor string // what Supervisor does
	Here       string // what happens here
	Why        string
	Concerns   []subject
}

// subject is a row of one of the tables. The name of an option may have the
// header of a section before it: "program:x directory".
type subject struct {
	kind kind
	name string
}

// kind tells which table.
type kind int

const (
	anOption kind = iota
	aMethod
	anAction
	anEvent
)

const supervisorNamespace = "supervisor."

// subjects makes subjects of one kind.
func subjects(k kind, names ...string) []subject {
	list := make([]subject, len(names))
	for i, name := range names {
		if k == aMethod {
			name = supervisorNamespace + name
		}
		list[i] = subject{k, name}
	}
	return list
}

// Differences returns all deliberate differences. Letters stand for an area:
// configuration, processes and daemon, logs, HTTP and XML-RPC, supervisorctl,
// events.
func Differences() []Difference {
	var all []Difference
	for _, list := range [][]Difference{
		configDifferences(), processDifferences(), daemonDifferences(), logDifferences(), httpDifferences(), ctlDifferences(), eventDifferences(),
	} {
		all = append(all, list...)
	}
	return all
}

func configDifferences() []Difference {
	const area = "configuration"
	return []Difference{
		{"C1", area, "Expands the paths of child logs twice.", "Expands them once.",
			"%% can stand in a path.", subjects(anOption, "stdout_logfile", "stderr_logfile")},
		{"C2", area, "Puts all variables in place of %s, %r and %a.", "Refuses them as badly formatted.",
			"They would give the environment away.", nil},
		{"C3", area, "May name the wrong section when a group lists an unknown program.", "Names the group.",
			"That is where the mistake is.", subjects(anOption, "programs")},
		{"C4", area, "Runs an fcgi-program that a group lists without its socket.", "Gives it its socket.",
			"It can't work without.", subjects(anOption, "programs", "socket")},
		{"C5", area, "Words two mistakes in socket= as Python tuples.", "Words them as sentences.",
			"They are for people.", subjects(anOption, "socket")},
		{"C6", area, "Takes sections with empty names, as [program:].", "Refuses them.",
			"Nobody could address them.", nil},
		{"C8", area, "Looks for a relative -c anew from the directory that it has changed to.", "Remembers the absolute path.",
			"reread must read the same file.", subjects(anOption, "configuration")},
		{"C9", area, "A reread changes some options of [supervisord] without what depends on them.",
			"It changes groups and the global environment only.", "Half of a change is worse than none.",
			subjects(aMethod, "reloadConfig")},
		{"C10", area, "Does not notice that a log file has become AUTO.", "Compares the configured words.",
			"Such a program has changed.", subjects(anOption, "stdout_logfile", "stderr_logfile")},
		{"C11", area, "A variable once read from the file stays known after it was removed.", "Each reading starts from the daemon's own environment.",
			"A reread must be like a start.", subjects(anOption, "environment")},
		{"C12", area, "Lets two processes of a group have one name; the last one stays.", "Refuses that, and checks names after expansion.",
			"A process would be lost silently.", subjects(anOption, "process_name")},
		{"C13", area, "Leaves out an included file that it can't read, and says that it was included.", "Warns.",
			"The file's programs are missing.", subjects(anOption, "files")},
		{"C14", area, "Does not understand a file that begins with a byte order mark.", "Skips the mark.",
			"Editors write it.", nil},
		{"C15", area, "-t is another form of --strip_ansi.",
			"-t alone, or with -c, --json and --strict, checks the configuration and reports all errors. Beside any other option it is --strip_ansi.",
			"A configuration can be checked before it is used.", subjects(anOption, "test", "json", "strict", "strip_ansi")},
		{"C16", area, "Loads plug-ins, which are Python, and refuses to start without them.",
			"Runs on without an interface or an action that it can't have, and says so once. A result_handler is refused, but for supervisor_stdout:event_handler, which is built in; its command supervisor_stdout need not be there.",
			"One binary, no Python; the programs matter more.", subjects(anOption, "supervisor.rpcinterface_factory", "supervisor.ctl_factory", "result_handler")},
	}
}

func processDifferences() []Difference {
	const area = "processes"
	return []Difference{
		{"P5", area, "Starts the programs of a group in the order of the list.", "Starts them by priority, equal ones as listed.",
			"That is what priorities are for.", subjects(anOption, "priority")},
		{"P6", area, "Children ignore SIGPIPE and SIGXFSZ.", "They start with all signals at their defaults.",
			"Pipelines depend on SIGPIPE.", nil},
		{"P7", area, "Loses descriptors when the log of a child can't be opened.", "Closes them.",
			"They run out after some retries.", nil},
		{"P37", area, "A start that fails because supervisord has no descriptors left (EMFILE, ENFILE) counts as one of startretries: the program is soon FATAL.",
			"It stays BACKOFF, with the same spawnerr, and is tried again every few seconds, uncounted. 16 descriptors, a quarter of fewer than 64, are kept from programs for clients and logs.",
			"Nothing is wrong with the program, and supervisorctl must still be answered.", subjects(anOption, "startretries", "minfds")},
		{"P8", area, "Ends with an assertion when a process in state UNKNOWN dies.", "The process is EXITED.",
			"One process must not end the daemon.", nil},
		{"P9", area, "Counts failed attempts on after a stop.", "A stop forgets them.",
			"The next start has all its retries.", subjects(anOption, "startretries")},
		{"P10", area, "A start request while STOPPING does nothing and may say that it succeeded.",
			"It is granted once the process has stopped.", "The answer is true.", append(subjects(aMethod, "startProcess", "startProcessGroup", "startAllProcesses"), subjects(anAction, "start")...)},
		{"P11", area, "Looks for a relative command from its own directory but runs it in directory=.",
			"Looks where it will run.", "Otherwise a command that exists is not found.", subjects(anOption, "command", "program:x directory")},
		{"P12", area, "Reads at most 128 KiB from a pipe after the child's end.", "Reads what is there.",
			"The last words are the interesting ones.", nil},
		{"P14", area, "Measures with the wall clock.", "Measures with one that can't be set.",
			"Setting the clock must not kill or delay anything.", subjects(anOption, "startsecs", "stopwaitsecs")},
		{"P15", area, "Describes a process that has never run by a date of 1970.", "Describes it as Not started.",
			"It has no date.", subjects(aMethod, "getProcessInfo", "getAllProcessInfo")},
		{"P17", area, "Leaves the file of a FastCGI socket behind.", "Removes it if it is still the same one.",
			"A web server sees that nobody is there.", subjects(anOption, "socket")},
		{"P19", area, "May end, or answer HTTP 500, when a child does not read its stdin.", "Queues up to 16 MiB for each child.",
			"One process must not end the daemon.", subjects(aMethod, "sendProcessStdin")},
		{"P21", area, "May start a program that ends at once several times a second.",
			"Two births of a process are at least one second apart.", "A broken program must not cost a processor.",
			subjects(anOption, "autorestart")},
	}
}

func daemonDifferences() []Difference {
	const area = "daemon"
	return []Difference{
		{"P2", area, "A restart with a bad configuration stops all programs, then ends with status 2.",
			"It is refused, by SIGHUP with a line in the log, by XML-RPC with CANT_REREAD. Everything goes on.",
			"A typing mistake must not stop everything.", append(subjects(aMethod, "restart"), subjects(anAction, "reload")...)},
		{"P3", area, "A second instance deletes the AUTO logs of the first before it finds the sockets taken.",
			"Deletes old AUTO logs once the sockets are bound.", "Logs in use would be lost.", subjects(anOption, "nocleanup")},
		{"P4", area, "Uses the identifier as a pattern to find old AUTO logs.", "Takes it literally, and the name as a whole.",
			"Files of others would be deleted.", subjects(anOption, "identifier")},
		{"P13", area, "Names the wanted limit as the one that there is.", "Names the real one.",
			"Otherwise the message says nothing.", subjects(anOption, "minfds", "minprocs")},
		{"P16", area, "Acts on one signal a second.", "Acts on each at once.",
			"A shutdown need not wait.", nil},
		{"P18", area, "A main log or FastCGI socket that can't be had is a traceback and status 1.", "It is an error message and status 2.",
			"It is a mistake like others in the configuration.", subjects(anOption, "logfile", "socket")},
		{"P23", area, "Programs that have survived a crash of the daemon run on unsupervised; a new one starts all of them again.",
			"On Linux a new one takes them over, as orphan_policy says, and leaves at rest what was. It finds them by two files " +
				"beside the pidfile (.state, .output), which are there while there are programs, and without these by what the kernel tells of them.",
			"Nothing should run twice, or stop, because the daemon has crashed.", subjects(anOption, "state_file", "orphan_policy")},
		{"P24", area, "Two instances may run with one configuration if it has no socket, or another one.",
			"The second one refuses and tells the pid of the first: the pidfile is locked, from before the first program starts. " +
				"A configuration is the same if it is the same file, or names the same pidfile (not that of a supervisord above). " +
				"Two others that share a pidfile, as in one directory, run both, the second without a record of its programs.",
			"They would start everything twice.", subjects(anOption, "state_file", "pidfile")},
		{"P25", area, "Has no way to another version but to stop all programs.",
			"supervisorctl upgrade, and two methods for it, which neither help nor system.listMethods lists.",
			"A new version must not cost an outage; clients compare the lists.",
			subjects(aMethod, "upgrade", "getUpgrades")},
		{"P33", area, "In the background, and at each reload, reads a configuration from a pipe (/dev/stdin, a FIFO) again and finds nothing.",
			"Reads it once, and refuses to reread or reload what can't be read again. All goes on.",
			"A reload must not end all programs.", subjects(anOption, "configuration")},
		{"P34", area, "Without enumeration in the directory service a program's user has the groups of /etc/group alone.",
			"Asks for the user's groups with getent initgroups where nsswitch.conf names more sources.",
			"It is what a login has.", subjects(anOption, "user")},
		{"P22", area, "Logs whom it waits for at shutdown after the first signals.", "Logs it before them.",
			"The line announces the deaths, so it comes before them.", nil},
		{"P28", area, "Stops groups of the same priority one after another at shutdown.",
			"Signals them all at once. The log and the events tell of them in Supervisor's order.",
			"Many programs must not take many times as long.", subjects(anOption, "priority")},
	}
}

func logDifferences() []Difference {
	const area = "logs"
	return []Difference{
		{"L1", area, "Holds back up to 24 bytes of output in capture mode and loses them at the end.",
			"Holds back only what begins a token, and writes it at the end.", "No output may be lost.",
			subjects(anOption, "stdout_capture_maxbytes", "stderr_capture_maxbytes")},
		{"L2", area, "May keep more or less of a capture than its limit.", "Keeps the last bytes up to the limit.",
			"That is what the option says.", subjects(anOption, "stdout_capture_maxbytes", "stderr_capture_maxbytes")},
		{"L3", area, "strip_ansi fails where a sequence is cut by a read, and swallows text after some.",
			"Understands sequences however they are cut.", "Text must not depend on timing.", subjects(anOption, "strip_ansi")},
		{"L4", area, "Does not append to a file after its rotation.", "Always appends.",
			"Truncating a log from outside left holes.", nil},
		{"L5", area, "Fails when the log to rotate is a pipe or a terminal.", "Rotates regular files only.",
			"There is nothing to rotate.", subjects(anOption, "logfile_maxbytes", "stdout_logfile_maxbytes", "stderr_logfile_maxbytes")},
		{"L6", area, "Clearing the log of a stopped program does nothing, and fails with syslog.", "Empties the file.",
			"That is what was asked for.", subjects(aMethod, "clearProcessLogs", "clearAllProcessLogs")},
		{"L8", area, "Shows a listener's output as a Python bytes literal.", "Shows it as text.",
			"It is for people.", nil},
		{"L9", area, "Writes everything twice with logfile=/dev/stdout in the foreground.", "Writes it once.",
			"Containers do this.", subjects(anOption, "logfile")},
		{"L11", area, "Writes control characters to the main log as they are.", "Writes them as \\x1b.",
			"A log must not command the terminal that shows it.", nil},
	}
}

func httpDifferences() []Difference {
	const area = "HTTP and XML-RPC"
	return []Difference{
		{"X1", area, "Writes characters into XML that XML forbids.", "Writes U+FFFD for them.",
			"One of them makes the whole answer unreadable.", nil},
		{"X2", area, "Answers HTTP 500 when a log is not UTF-8.", "Replaces what is not.",
			"Logs may hold anything.", subjects(aMethod, "readProcessStdoutLog", "readProcessStderrLog", "tailProcessStdoutLog", "tailProcessStderrLog")},
		{"X3", area, "Answers HTTP 500 when a number has more than 32 bits.", "Answers the nearest that has not.",
			"The rest of the answer is of use.", nil},
		{"X4", area, "Counts the characters of an answer for its length.", "Counts the bytes.",
			"Answers were cut off.", nil},
		{"X5", area, "Answers HTTP 500 to some parameters of a wrong type.", "Answers the fault INCORRECT_PARAMETERS.",
			"The client is told what is wrong.", nil},
		{"X6", area, "getAllConfigInfo fails as soon as a program has autorestart=true.", "Answers a boolean.",
			"That was meant.", append(subjects(aMethod, "getAllConfigInfo"), subjects(anAction, "avail")...)},
		{"X8", area, "Does not answer requests that it does not understand.", "Answers 400, or 401 to bad credentials.",
			"Clients need not wait.", nil},
		{"X9", area, "Following a log breaks at a truncation and loses the end of a rotated file.",
			"Goes on, and reads the old file to its end.", "Following is for watching what happens.", subjects(anAction, "tail", "maintail", "fg")},
		{"X10", area, "Answers to waiting calls come up to two seconds late.", "They come at once.",
			"Scripts wait for them.", nil},
		{"X12", area, "Takes any path that begins with /RPC2.", "Takes /RPC2 and /RPC2/.",
			"Nothing else was ever documented.", nil},
		{"X13", area, "Obeys a link that any web page can make a browser follow.",
			"Changes something by POST only, unless on a Unix socket or with get_actions. Requests that a browser sends for another site are refused.",
			"A visit to a web page must not stop programs.", subjects(anOption, "get_actions")},
		{"X14", area, "The web page's restart always reports success.", "Reports the step that failed.",
			"It may have failed.", nil},
		{"X15", area, "Compares passwords in a time that depends on them.", "Takes the same time for all.",
			"The time could tell the password.", subjects(anOption, "inet_http_server password")},
		{"X16", area, "Help texts of methods are those of its source.", "They are our own words in the same form.",
			"The text is not an interface.", []subject{{aMethod, "system.methodHelp"}}},
		{"X17", area, "Speaks XML-RPC only.", "Speaks JSON-RPC too, at the same address, if the content type says JSON.",
			"Some clients have no XML.", nil},
		{"X18", area, "Needs the plug-in supervisor_twiddler to change groups while it runs.",
			"Has the plug-in's methods, for a section that asks for it.",
			"Its users don't lose them.", subjects(anOption, "supervisor.rpcinterface_factory")},
		{"X19", area, "Takes a password that begins with {bcrypt} for clear text.", "Takes it for a bcrypt hash.",
			"A file that leaks should not tell the password.", subjects(anOption, "inet_http_server password")},
		{"X20", area, "Answers a browser whatever host name led it there.",
			"Without a password a TCP server answers only for localhost, this machine's names, the host of port, IP addresses and allowed_hosts; others get 421. What is no host name is answered.",
			"A page whose name leads to 127.0.0.1 must not run commands (DNS rebinding).", subjects(anOption, "port", "allowed_hosts")},
		{"X21", area, "Looks for Content-Length in its exact form only and does not know Transfer-Encoding.",
			"Refuses requests whose end others could see elsewhere: several or odd lengths, Transfer-Encoding, stray carriage returns.",
			"Behind a proxy that is how requests are smuggled.", nil},
		{"X22", area, "Expands the entities that a request declares.", "Passes over a document type; an entity of its own is an error where it is used.",
			"A few lines of them fill the memory.", nil},
		{"X23", area, "Redirects the forms of its web page to an absolute address.",
			"Redirects them to a relative one, or to the path that a proxy has put into Host.",
			"It is right behind every proxy.", nil},
	}
}

func ctlDifferences() []Difference {
	const area = "supervisorctl"
	return []Difference{
		{"S1", area, "Ignores --history_file.", "Obeys it, and --history-file.",
			"It is an option.", subjects(anOption, "history_file")},
		{"S2", area, "Says twice that a server wants credentials.", "Says it once.",
			"One line is enough.", nil},
		{"S3", area, "update shows a raw fault for a bad configuration.", "Shows ERROR: CANT_REREAD and why.",
			"As reread does.", subjects(anAction, "update")},
		{"S4", area, "fg does not notice the end of its process, and may hang when it is left.", "Notices, and can be left at any time.",
			"It is used by people.", subjects(anAction, "fg")},
		{"S5", area, "tail -f of an unknown process has exit status 0.", "It has 1.",
			"It is a failure.", subjects(anAction, "tail")},
		{"S6", area, "Shows followed output that is not UTF-8 as a Python literal.", "Shows its bytes.",
			"The terminal decides.", subjects(anAction, "tail", "maintail")},
		{"S7", area, "Calls group:* group:None when it can't be cleared.", "Calls it as typed.",
			"That is its name.", subjects(anAction, "clear")},
		{"S8", area, "A result that it has no words for ends the action.", "Shows the fault's own text and goes on.",
			"The other names count too.", subjects(anAction, "start", "stop", "restart", "signal", "clear")},
		{"S9", area, "Some actions show raw errors when the server is away.", "All say that it refuses or is not there.",
			"All with the exit statuses of the others.", nil},
		{"S10", area, "Errors carry the file and line of its source.", "They carry the text only.",
			"The source is another one.", nil},
		{"S11", area, "Ends with a traceback when the configuration can't be read.", "Says Error: and why, with status 2.",
			"It is a mistake like others.", nil},
		{"S13", area, "Takes a word that begins with a hyphen for a name, so that restart --now web restarts web.",
			"Refuses it with status 2 before anything is sent, unless it is a flag of that action or stands behind --. tail and maintail refuse a modifier such as -x as Supervisor does.",
			"A mistyped flag must not act.", nil},
		{"S12", "both programs", "-h shows Supervisor's text.", "Our own words about the same options.",
			"The text is not an interface.", subjects(anOption, "help")},
	}
}

func eventDifferences() []Difference {
	const area = "events"
	return []Difference{
		{"E2", area, "Gives an event that was rejected to each pool with a process of the same priority.", "Gives it back to its own pool.",
			"The others have not asked for it.", nil},
		{"E3", area, "Sends an event twice to a pool that names its type and the one above.", "Sends it once.",
			"It happened once.", subjects(anOption, "events")},
		{"E5", area, "Sends an event that was rejected again at once, as often as the listener can answer.",
			"The same for three rejections in a row; then the listener waits for a time that doubles up to 30 s, until it answers OK. The log counts the rejections.",
			"A listener that rejects everything must not cost a processor and fill the log.", nil},
		{"E4", area, "Does not check the word RESULT, and waits for more after an empty result.", "Checks it, and takes an empty result for a rejection.",
			"A listener that talks nonsense is noticed.", nil},
	}
}
