package compat

// Difference is a deliberate difference from Supervisor.
type Difference struct {
	Code       string // the tables refer to it by this
	Area       string
	Supervisor string // what Supervisor does
	Here       string // what happens here
	Why        string
	Concerns   []subject
}

// subject is a row of one of the tables. The header of a section may stand in front
// of the name of an option: "program:x directory".
type subject struct {
	kind kind
	name string
}

// kind is the table that a subject is in.
type kind int

const (
	anOption kind = iota
	aMethod
	anAction
	anEvent
)

const supervisorNamespace = "supervisor."

// subjects returns subjects of one kind.
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

// Differences returns all deliberate differences. The letter of a code stands for an
// area: configuration, processes and daemon, logs, HTTP and XML-RPC, supervisorctl,
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
			"A path can contain %%.", subjects(anOption, "stdout_logfile", "stderr_logfile")},
		{"C2", area, "Replaces %s, %r and %a with all variables.", "Refuses them as badly formatted.",
			"It would reveal the environment.", nil},
		{"C3", area, "May name the wrong section when a group lists an unknown program.", "Names the group.",
			"That is where the mistake is.", subjects(anOption, "programs")},
		{"C4", area, "Runs an fcgi-program that a group lists without its socket.", "Gives it its socket.",
			"It can't work without it.", subjects(anOption, "programs", "socket")},
		{"C5", area, "Words two mistakes in socket= as Python tuples.", "Words them as sentences.",
			"People read them.", subjects(anOption, "socket")},
		{"C6", area, "Accepts sections with empty names, such as [program:].", "Refuses them.",
			"They could not be addressed.", nil},
		{"C8", area, "Looks for a relative -c again in the directory that it has changed to.", "Remembers the absolute path.",
			"reread must read the same file.", subjects(anOption, "configuration")},
		{"C9", area, "A reread changes some options of [supervisord], but not what depends on them.",
			"A reread changes only groups and the global environment.", "Half of a change is worse than none.",
			subjects(aMethod, "reloadConfig")},
		{"C10", area, "Does not notice when a log file is changed to AUTO.", "Compares the configured values.",
			"The program has changed.", subjects(anOption, "stdout_logfile", "stderr_logfile")},
		{"C11", area, "A variable stays defined after it was removed from the file.", "Each reading starts from the daemon's own environment.",
			"A reread must be like a start.", subjects(anOption, "environment")},
		{"C12", area, "Lets two processes of a group have the same name; the last one wins.", "Refuses it, and checks names after expansion.",
			"A process would be lost silently.", subjects(anOption, "process_name")},
		{"C13", area, "Skips an included file that it can't read, and logs that it was included.", "Warns.",
			"Its programs are missing.", subjects(anOption, "files")},
		{"C14", area, "Can't read a file that begins with a byte order mark.", "Skips the mark.",
			"Some editors write it.", nil},
		{"C15", area, "-t is another form of --strip_ansi.",
			"-t alone, or with -c, --json and --strict, checks the configuration and reports all errors. Together with any other option it is --strip_ansi.",
			"A configuration should be checked before it is used.", subjects(anOption, "test", "json", "strict", "strip_ansi")},
		{"C16", area, "Loads plug-ins, which are written in Python, and does not start without them.",
			"Runs without the interfaces and actions of plug-ins, and says so once. A result_handler is refused, except supervisor_stdout:event_handler, which is built in; its command supervisor_stdout need not exist.",
			"There is one binary and no Python, and the programs matter more than the plug-ins.", subjects(anOption, "supervisor.rpcinterface_factory", "supervisor.ctl_factory", "result_handler")},
	}
}

func processDifferences() []Difference {
	const area = "processes"
	return []Difference{
		{"P5", area, "Starts the programs of a group in the order in which it lists them.", "Starts them by priority, and those of the same priority in that order.",
			"That is what priorities are for.", subjects(anOption, "priority")},
		{"P6", area, "Children ignore SIGPIPE and SIGXFSZ.", "Children start with the default action for every signal.",
			"Pipelines depend on SIGPIPE.", nil},
		{"P7", area, "Leaks descriptors when the log of a child can't be opened.", "Closes them.",
			"They would run out after some retries.", nil},
		{"P37", area, "A start that fails because supervisord has no descriptors left (EMFILE, ENFILE) counts for startretries, so the program is soon FATAL.",
			"It stays in BACKOFF, with the same spawnerr, and is retried every few seconds without being counted. 16 descriptors (a quarter if there are fewer than 64) are reserved for clients and logs.",
			"The program is not at fault, and supervisorctl must still get answers.", subjects(anOption, "startretries", "minfds")},
		{"P8", area, "Ends with an assertion error when a process in state UNKNOWN exits.", "The process becomes EXITED.",
			"One process must not end the daemon.", nil},
		{"P9", area, "Does not reset the count of failed starts at a stop.", "A stop resets it.",
			"The next start gets all its retries.", subjects(anOption, "startretries")},
		{"P10", area, "A start request while STOPPING does nothing, but may report success.",
			"The process starts once it has stopped.", "The answer must be true.", append(subjects(aMethod, "startProcess", "startProcessGroup", "startAllProcesses"), subjects(anAction, "start")...)},
		{"P11", area, "Looks for a relative command in its own directory, but runs it in directory=.",
			"Looks in directory=.", "Otherwise it would not find an existing command.", subjects(anOption, "command", "program:x directory")},
		{"P12", area, "Reads at most 128 KiB from a pipe after the child has exited.", "Reads everything.",
			"The last output is the most interesting.", nil},
		{"P14", area, "Measures time with the wall clock.", "Measures time with the monotonic clock.",
			"Setting the clock must not kill or delay anything.", subjects(anOption, "startsecs", "stopwaitsecs")},
		{"P15", area, "Describes a process that has never run with a date in 1970.", "Describes it as Not started.",
			"There is no date.", subjects(aMethod, "getProcessInfo", "getAllProcessInfo")},
		{"P17", area, "Does not remove the file of a FastCGI socket.", "Removes it if it is still its own.",
			"A web server then sees that there is no program.", subjects(anOption, "socket")},
		{"P19", area, "May crash, or answer HTTP 500, when a child does not read its stdin.", "Queues up to 16 MiB for each child.",
			"One process must not end the daemon.", subjects(aMethod, "sendProcessStdin")},
		{"P21", area, "May start a program that exits at once several times a second.",
			"Two starts of a process are at least one second apart.", "A broken program must not use up a processor.",
			subjects(anOption, "autorestart")},
	}
}

func daemonDifferences() []Difference {
	const area = "daemon"
	return []Difference{
		{"P2", area, "A restart with a bad configuration stops all programs, then exits with status 2.",
			"The restart is refused: on SIGHUP with a line in the log, over XML-RPC with CANT_REREAD. Everything keeps running.",
			"A typo must not stop everything.", append(subjects(aMethod, "restart"), subjects(anAction, "reload")...)},
		{"P3", area, "A second instance deletes the AUTO logs of the first before it notices that the sockets are in use.",
			"Deletes old AUTO logs once the sockets are bound.", "Otherwise logs in use are lost.", subjects(anOption, "nocleanup")},
		{"P4", area, "Uses the identifier as a regular expression to find old AUTO logs.", "Takes it literally, and matches the whole name.",
			"Otherwise files of other instances are deleted.", subjects(anOption, "identifier")},
		{"P13", area, "Its message gives the required limit as the current one.", "The message gives the current one.",
			"Otherwise the message is useless.", subjects(anOption, "minfds", "minprocs")},
		{"P16", area, "Handles one signal per second.", "Handles each at once.",
			"A shutdown should not wait.", nil},
		{"P18", area, "A main log or FastCGI socket that can't be opened causes a traceback and status 1.", "It causes an error message and status 2.",
			"It is an error like others in the configuration.", subjects(anOption, "logfile", "socket")},
		{"P23", area, "Programs that survive a crash of the daemon run on unsupervised; a new daemon starts all of them again.",
			"On Linux a new daemon adopts them, as orphan_policy says, and stopped processes stay stopped. It finds them through two files " +
				"beside the pidfile (.state, .output), which exist while there are programs, and without these through /proc.",
			"No program should run twice, or stop, because the daemon has crashed.", subjects(anOption, "state_file", "orphan_policy")},
		{"P24", area, "Two instances may run with one configuration if it has no socket, or another one.",
			"The second one is refused and prints the pid of the first: the pidfile is locked before the first program starts. " +
				"Two configurations are the same if they are the same file, or name the same pidfile (not that of a supervisord above). " +
				"Two others that share a pidfile, as in one directory, both run, the second one without a journal of its programs.",
			"Otherwise everything is started twice.", subjects(anOption, "state_file", "pidfile")},
		{"P25", area, "A new version can be used only after all programs were stopped.",
			"There is supervisorctl upgrade, with two methods, which neither help nor system.listMethods lists.",
			"A new version must not cause an outage; clients compare the lists.",
			subjects(aMethod, "upgrade", "getUpgrades")},
		{"P33", area, "In the background, and at each reload, reads a configuration from a pipe (/dev/stdin, a FIFO) again and finds it empty.",
			"Reads it once, and refuses to reread or reload it. Everything keeps running.",
			"A reload must not stop all programs for good.", subjects(anOption, "configuration")},
		{"P34", area, "If the directory service does not allow enumeration, a program's user has only the groups in /etc/group.",
			"Asks getent initgroups for the user's groups if nsswitch.conf names other sources.",
			"A login has the same groups.", subjects(anOption, "user")},
		{"P22", area, "At shutdown, logs which processes it waits for after the first signals.", "Logs it before the signals.",
			"The line should come before the exits that it announces.", nil},
		{"P28", area, "At shutdown, stops groups of the same priority one after another.",
			"Signals all of them at once. The log and the events keep Supervisor's order.",
			"A shutdown of many programs should not take many times as long.", subjects(anOption, "priority")},
	}
}

func logDifferences() []Difference {
	const area = "logs"
	return []Difference{
		{"L1", area, "In capture mode, holds back up to 24 bytes of output and loses them at the end.",
			"Holds back only the beginning of a token, and writes it at the end.", "Output must not be lost.",
			subjects(anOption, "stdout_capture_maxbytes", "stderr_capture_maxbytes")},
		{"L2", area, "May keep more or less of a capture than the limit says.", "Keeps the last bytes up to the limit.",
			"The option says so.", subjects(anOption, "stdout_capture_maxbytes", "stderr_capture_maxbytes")},
		{"L3", area, "strip_ansi fails if a read ends inside an escape sequence, and drops the text after some sequences.",
			"Recognises sequences across reads.", "The result must not depend on timing.", subjects(anOption, "strip_ansi")},
		{"L4", area, "Does not append to a file after its rotation.", "Always appends.",
			"Otherwise a log that was truncated from outside gets holes.", nil},
		{"L5", area, "Fails when the log to rotate is a pipe or a terminal.", "Rotates regular files only.",
			"Others can't be rotated.", subjects(anOption, "logfile_maxbytes", "stdout_logfile_maxbytes", "stderr_logfile_maxbytes")},
		{"L6", area, "Clearing the log of a stopped program does nothing; with syslog it fails.", "Empties the file.",
			"That is what the call is for.", subjects(aMethod, "clearProcessLogs", "clearAllProcessLogs")},
		{"L8", area, "Shows a listener's output as a Python bytes literal.", "Shows it as text.",
			"People read it.", nil},
		{"L9", area, "In the foreground, writes everything twice with logfile=/dev/stdout.", "Writes it once.",
			"Containers are often configured like this.", subjects(anOption, "logfile")},
		{"L11", area, "Writes control characters to the main log unchanged.", "Writes them as in \\x1b.",
			"A log must not control the terminal that shows it.", nil},
	}
}

func httpDifferences() []Difference {
	const area = "HTTP and XML-RPC"
	return []Difference{
		{"X1", area, "Writes characters that XML forbids.", "Writes U+FFFD instead.",
			"One of them makes the whole answer invalid.", nil},
		{"X2", area, "Answers HTTP 500 when a log is not UTF-8.", "Replaces the invalid bytes.",
			"A log may contain any bytes.", subjects(aMethod, "readProcessStdoutLog", "readProcessStderrLog", "tailProcessStdoutLog", "tailProcessStderrLog")},
		{"X3", area, "Answers HTTP 500 when a number needs more than 32 bits.", "Answers the nearest number that fits.",
			"The rest of the answer is useful.", nil},
		{"X4", area, "Gives the number of characters as the length of an answer.", "Gives the number of bytes.",
			"Otherwise answers are cut off.", nil},
		{"X5", area, "Answers HTTP 500 to some parameters of a wrong type.", "Answers the fault INCORRECT_PARAMETERS.",
			"The client should learn what is wrong.", nil},
		{"X6", area, "getAllConfigInfo fails if a program has autorestart=true.", "It returns a boolean.",
			"That was the intention.", append(subjects(aMethod, "getAllConfigInfo"), subjects(anAction, "avail")...)},
		{"X8", area, "Does not answer malformed requests.", "Answers 400, or 401 to bad credentials.",
			"Clients should not wait in vain.", nil},
		{"X9", area, "A followed log breaks off at a truncation, and loses the end of a rotated file.",
			"It continues, and the old file is read to its end.", "Following a log should show all of it.", subjects(anAction, "tail", "maintail", "fg")},
		{"X10", area, "Answers to waiting calls come up to two seconds late.", "The answers come at once.",
			"Scripts wait for them.", nil},
		{"X12", area, "Accepts any path that begins with /RPC2.", "Accepts /RPC2 and /RPC2/.",
			"No other path was ever documented.", nil},
		{"X13", area, "Carries out actions by GET, which any web page can make a browser send.",
			"Carries out actions by POST only, except on a Unix socket or with get_actions. Requests that a browser sends on behalf of another site are refused.",
			"Visiting a web page must not stop programs.", subjects(anOption, "get_actions")},
		{"X14", area, "The web page's restart always reports success.", "Reports the step that failed.",
			"It may have failed.", nil},
		{"X15", area, "The time of a password comparison depends on the password.", "The time is the same for all.",
			"The time could reveal the password.", subjects(anOption, "inet_http_server password")},
		{"X16", area, "The help texts of methods come from its source.", "They are our own texts in the same form.",
			"The text is not an interface.", []subject{{aMethod, "system.methodHelp"}}},
		{"X17", area, "Speaks XML-RPC only.", "Speaks JSON-RPC too, at the same address, if the content type says JSON.",
			"Some clients have no XML library.", nil},
		{"X18", area, "Needs the plug-in supervisor_twiddler to change groups while it runs.",
			"Offers the plug-in's methods if a section asks for it.",
			"Users of the plug-in keep them.", subjects(anOption, "supervisor.rpcinterface_factory")},
		{"X19", area, "Takes a password that begins with {bcrypt} literally.", "Takes it for a bcrypt hash.",
			"A file that leaks should not reveal the password.", subjects(anOption, "inet_http_server password")},
		{"X20", area, "Answers a browser for any host name.",
			"Without a password a TCP server answers only for localhost, this machine's names, the host of port, IP addresses and allowed_hosts; others get 421. A Host header that is no host name is accepted.",
			"A web page whose name resolves to 127.0.0.1 must not run commands (DNS rebinding).", subjects(anOption, "port", "allowed_hosts")},
		{"X21", area, "Recognises Content-Length only in its exact form, and does not know Transfer-Encoding.",
			"Refuses requests that another server might divide differently: several or unusual lengths, Transfer-Encoding, stray carriage returns.",
			"Behind a proxy they can be used to smuggle requests.", nil},
		{"X22", area, "Expands the entities that a request declares.", "Ignores a document type; using an entity that it declares is an error.",
			"A few lines of them can use up all memory.", nil},
		{"X23", area, "Redirects the forms of its web page to an absolute address.",
			"Redirects them to a relative address, or to the path that a proxy has put into Host.",
			"That works behind every proxy.", nil},
	}
}

func ctlDifferences() []Difference {
	const area = "supervisorctl"
	return []Difference{
		{"S1", area, "Ignores --history_file.", "Accepts it, and --history-file.",
			"It is a documented option.", subjects(anOption, "history_file")},
		{"S2", area, "Prints twice that a server requires authentication.", "Prints it once.",
			"One line is enough.", nil},
		{"S3", area, "update prints a raw fault for a bad configuration.", "It prints ERROR: CANT_REREAD and the reason.",
			"reread does the same.", subjects(anAction, "update")},
		{"S4", area, "fg does not notice that its process has exited, and may hang at Ctrl-C.", "It notices, and Ctrl-C always works.",
			"A person waits for it.", subjects(anAction, "fg")},
		{"S5", area, "tail -f of an unknown process exits with 0.", "It exits with 1.",
			"It is a failure.", subjects(anAction, "tail")},
		{"S6", area, "Shows followed output that is not UTF-8 as a Python literal.", "Shows its bytes.",
			"The terminal decides how to show them.", subjects(anAction, "tail", "maintail")},
		{"S7", area, "If group:* can't be cleared, calls it group:None.", "Calls it as typed.",
			"That is what was typed.", subjects(anAction, "clear")},
		{"S8", area, "An unexpected fault ends the action.", "Prints the fault's own text and goes on.",
			"The other names should be handled.", subjects(anAction, "start", "stop", "restart", "signal", "clear")},
		{"S9", area, "Some actions print raw errors if the server does not run.", "All print that it refused the connection, or that its file does not exist.",
			"They should behave alike, exit status included.", nil},
		{"S10", area, "Errors contain a file and line of its source.", "They contain only the text.",
			"The source is a different one.", nil},
		{"S11", area, "Ends with a traceback when the configuration can't be read.", "Prints Error: and the reason, and exits with 2.",
			"It is an error like others.", nil},
		{"S13", area, "Takes a word that begins with a hyphen for a name: restart --now web restarts web.",
			"Refuses it with status 2 before anything is sent, unless it is a flag of the action or comes after --. tail and maintail refuse a modifier such as -x as Supervisor does.",
			"A mistyped flag must not have another effect.", nil},
		{"S12", "both programs", "-h prints its text.", "Prints our own text about the same options.",
			"The text is not an interface.", subjects(anOption, "help")},
	}
}

func eventDifferences() []Difference {
	const area = "events"
	return []Difference{
		{"E2", area, "Returns a rejected event to each pool with a process of the same priority.", "Returns it to its own pool.",
			"The others did not subscribe to it.", nil},
		{"E3", area, "Sends an event twice to a pool that subscribes to its type and to a more general one.", "Sends it once.",
			"It happened once.", subjects(anOption, "events")},
		{"E5", area, "Sends a rejected event again at once, as often as the listener can answer.",
			"Does the same for three rejections in a row; after that, the listener has to wait for a time that doubles up to 30 s, until it answers OK. The log counts the rejections.",
			"A listener that rejects everything must not use up a processor or fill the log.", nil},
		{"E4", area, "Does not check the word RESULT, and waits for more input after an empty result.", "Checks it, and treats an empty result as a rejection.",
			"A listener that breaks the protocol should be noticed.", nil},
	}
}
