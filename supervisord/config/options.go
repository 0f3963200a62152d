package config

import (
	"slices"

	"supervisor/supervisord/config/source"
)

// Type is the type of an option: what its text may say and what it becomes.
type Type uint8

// The types.
const (
	Text              Type = iota // any text
	Integer                       // a whole number
	Octal                         // a file mode or mask
	Boolean                       // true yes on 1, false no off 0
	ByteSize                      // a number of bytes, or of KB, MB or GB
	Level                         // name of a log level
	Signal                        // name or number of a signal
	ExitCodes                     // numbers from 0 to 255 separated by commas
	AutorestartValue              // unexpected, or a boolean
	List                          // words separated by commas
	Directory                     // a directory that exists
	Path                          // a path in a directory that exists
	Logfile                       // a Path, or NONE, AUTO or SYSLOG
	User                          // name or number of a user
	Owner                         // user or user:group
	InetAddress                   // port, :port, *:port or host:port
	KeyValues                     // NAME="value" pairs separated by commas
	AutoBoolean                   // auto, or a boolean
	StatePath                     // a Path, or NONE
	OrphanPolicyValue             // adopt, kill or leave

	Duration          // seconds, or numbers with units
	Count             // a whole number from 0 on
	Positive          // a whole number from 1 on
	Factor            // a factor from 1 on
	Fraction          // 0.2 or 20%
	ShareValue        // a number from 1 on or a percentage
	RestartLimitValue // 5/10m
	NameList          // different names separated by commas
	ReadyProbe        // a Probe
	HealthProbe       // a Probe that can be repeated
	Probes            // Probes of things outside
	Dependencies      // what depends_on= says
	ExitOnValue       // fatal, exit, failure, success
	ExitStatusValue   // a number, or whose
	HealthActionValue // what health_action= says
	StopScopeValue    // leader, group, tree or cgroup
	LeftoversValue    // report, kill or ignore
	StopSteps         // signals and times
	LimitActionValue  // fatal, stop_group or exit
	EnvFileList       // paths, with - before optional ones
	GranularityValue  // group or process
)

// parse converts an option's text.
func (t Type) parse(h *source.Host, s string) (any, error) {
	switch t {
	case Integer:
		return integer(s)
	case Octal:
		return octal(s)
	case Boolean:
		return boolean(s)
	case ByteSize:
		return byteSize(s)
	case Level:
		return logLevel(s)
	case Signal:
		return stopSignal(s)
	case ExitCodes:
		return exitCodes(s)
	case AutorestartValue:
		return autorestart(s)
	case List:
		return list(s)
	case Directory:
		return existingDirectory(h, s)
	case Path:
		return existingDirpath(h, s)
	case Logfile:
		return childLogfile(h, s)
	case User:
		return userID(h, s)
	case Owner:
		return userGroup(h, s)
	case InetAddress:
		return inetAddress(s)
	case KeyValues:
		return keyValues(s)
	case AutoBoolean:
		return autoBoolean(s)
	case StatePath:
		return statePath(h, s)
	case OrphanPolicyValue:
		return orphanPolicy(s)
	}
	return t.parseExtension(h, s)
}

// parseExtension converts the text of an option that Supervisor doesn't know.
func (t Type) parseExtension(h *source.Host, s string) (any, error) {
	switch t {
	case Duration:
		return duration(s)
	case Count:
		return natural(s)
	case Positive:
		return atLeastOne(s)
	case Factor:
		return backoffFactor(s)
	case Fraction:
		return fraction(s)
	case ShareValue:
		return share(s)
	case RestartLimitValue:
		return restartLimit(s)
	case NameList:
		return distinctNames(s)
	case ReadyProbe:
		return readyProbe(s)
	case HealthProbe:
		return healthProbe(s)
	case Probes:
		return waitForProbes(s)
	case Dependencies:
		return dependencies(s)
	case ExitOnValue:
		return exitOn(s)
	case ExitStatusValue:
		return exitStatus(s)
	case HealthActionValue:
		return healthAction(s)
	case StopScopeValue:
		return stopScope(s)
	case LeftoversValue:
		return leftovers(s)
	case StopSteps:
		return stopSequence(s)
	case LimitActionValue:
		return limitAction(s)
	case EnvFileList:
		return envFiles(h, s)
	case GranularityValue:
		return granularity(s)
	}
	return s, nil
}

// String describes the type in a few words.
func (t Type) String() string {
	return [...]string{
		Text: "text", Integer: "integer", Octal: "octal number", Boolean: "boolean", ByteSize: "byte size",
		Level: "log level", Signal: "signal", ExitCodes: "list of exit codes", AutorestartValue: "boolean or unexpected",
		List: "list", Directory: "existing directory", Path: "path", Logfile: "log file", User: "user",
		Owner: "user:group", InetAddress: "address", KeyValues: "environment",
		AutoBoolean: "boolean or auto",
		StatePath:   "path", OrphanPolicyValue: "adopt, kill or leave",
		Duration: "time", Count: "whole number", Positive: "whole number", Factor: "factor", Fraction: "share",
		ShareValue: "number or percentage", RestartLimitValue: "number/time", NameList: "list", ReadyProbe: "probe", HealthProbe: "probe",
		Probes: "list of probes", Dependencies: "list of dependencies", ExitOnValue: "list of fatal, exit, failure, success",
		ExitStatusValue: "number, first_failure, first or last", HealthActionValue: "restart, none, stop, signal:NAME or exit",
		StopScopeValue: "leader, group, tree or cgroup", LeftoversValue: "report, kill or ignore", StopSteps: "list of signals and times",
		LimitActionValue: "fatal, stop_group or exit", EnvFileList: "list of paths", GranularityValue: "group or process",
	}[t]
}

// Sections is a set of kinds of sections.
type Sections uint16

// The kinds of sections.
const (
	InSupervisord Sections = 1 << iota
	InInclude
	InUnixServer
	InInetServer
	InSupervisorctl
	InRPCInterface
	InCtlPlugin
	InGroup
	InProgram
	InEventListener
	InFastCGI
	InSocket

	// InPrograms is where the options of processes stand.
	InPrograms = InProgram | InEventListener | InFastCGI
	inServers  = InUnixServer | InInetServer
)

// Headers returns how the sections of the set are headed: "program:x".
func (s Sections) Headers() []string {
	all := []string{
		"supervisord", "include", "unix_http_server", "inet_http_server", "supervisorctl", "rpcinterface:x",
		"ctlplugin:x", "group:x", "program:x", "eventlistener:x", "fcgi-program:x", "socket:x",
	}
	var list []string
	for i, header := range all {
		if s&(1<<i) != 0 {
			list = append(list, header)
		}
	}
	return list
}

// Option is everything there is to say of an option.
type Option struct {
	Name       string
	In         Sections // where it may stand; 0 for the command line alone
	Type       Type
	Default    string // as one would write it, "" for none
	Names      Names  // what %(name)s may refer to, besides ENV_X
	PerProcess bool   // it is read for each process, not once per section
	Required   bool
	Extension  bool   // Supervisor doesn't know it
	Alias      string // another name for it, "" for none
	Flag       string // its name on the command line, "" for Name
	Help       string // one line

	// On supervisord's command line:
	Long  bool   // there is --Name
	Short string // letters of its short forms
	Arg   string // what its argument is called, "" for a flag

	literal       bool   // a % in it is but a character
	errorName     string // what error texts call it instead of section.name
	invalidPrefix string // error text before a bad value, instead of the type's own
}

const (
	onceNames    = NameHere | NameProgram | NameHost | NameGroup
	processNames = onceNames | NameNumber | NameProgramEnv
	envNames     = onceNames | NameNumber
)

// Options returns the table of all options in the order in which they are read.
func Options() []Option { return slices.Clone(options) }

// options is the one place where anything is said of an option.
var options = []Option{
	{Name: "help", Long: true, Short: "h?", Help: "show this text and exit"},
	{Name: "version", Long: true, Short: "v", Help: "show the version and exit"},
	{Name: "configuration", Long: true, Short: "c", Arg: "FILENAME", Help: "read this configuration file instead of searching for one"},
	{Name: "test", Extension: true, Long: true, Short: "t", Help: "check the configuration, report all errors and exit; -t beside options for a daemon is --strip_ansi"},
	{Name: "json", Extension: true, Long: true, Help: "with -t: write what was understood as JSON"},
	{Name: "strict", Extension: true, In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Help: "refuse a configuration that there is a warning about, such as that an option or a section is unknown"},

	{Name: "minfds", In: InSupervisord, Type: Integer, Default: "1024", Names: NameHere, Long: true, Short: "a", Arg: "NUM", Help: "file descriptors that must be available"},
	{Name: "minprocs", In: InSupervisord, Type: Integer, Default: "200", Names: NameHere, Long: true, Arg: "NUM", Help: "process slots that must be available"},
	{Name: "directory", In: InSupervisord, Type: Directory, Names: NameHere, Long: true, Short: "d", Arg: "DIRECTORY", Help: "directory to change to when daemonizing"},
	{Name: "user", In: InSupervisord, Names: NameHere, Long: true, Short: "u", Arg: "USER", Help: "user to run as, by name or number"},
	{Name: "umask", In: InSupervisord, Type: Octal, Default: "022", Names: NameHere, Long: true, Short: "m", Arg: "UMASK", Help: "umask when daemonizing"},
	{Name: "logfile", In: InSupervisord, Type: Path, Default: "supervisord.log", Names: NameHere, Long: true, Short: "l", Arg: "FILENAME", Help: "use FILENAME as the main log, or syslog"},
	{Name: "logfile_maxbytes", In: InSupervisord, Type: ByteSize, Default: "50MB", Names: NameHere, Long: true, Short: "y", Arg: "BYTES", Help: "size at which the main log is rotated, 0 for never"},
	{Name: "logfile_backups", In: InSupervisord, Type: Integer, Default: "10", Names: NameHere, Long: true, Short: "z", Arg: "NUM", Help: "old main logs to keep"},
	{Name: "loglevel", In: InSupervisord, Type: Level, Default: "info", Names: NameHere, Long: true, Short: "e", Arg: "LEVEL", Help: "critical, error, warn, info, debug, trace or blather"},
	{Name: "pidfile", In: InSupervisord, Type: Path, Default: "supervisord.pid", Names: NameHere, Long: true, Short: "j", Arg: "FILENAME", Help: "file that the process id is written to"},
	{Name: "state_file", Extension: true, In: InSupervisord, Type: StatePath, Names: NameHere, Help: "record of the running programs, by which they are found again after a crash of supervisord; the pidfile with .state behind it by default, NONE for no record, so that they are looked for"},
	{Name: "orphan_policy", Extension: true, In: InSupervisord, Type: OrphanPolicyValue, Default: "adopt", Names: NameHere, Help: "what becomes of programs that have survived a crash of supervisord: adopt takes them over, kill stops them and starts them anew, leave lets them be"},
	{Name: "identifier", In: InSupervisord, Default: "supervisor", Names: NameHere, Long: true, Short: "i", Arg: "STR", Help: "name of this supervisord for clients and in log names"},
	{Name: "nodaemon", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Short: "n", Help: "stay in the foreground"},
	{Name: "silent", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Short: "s", Help: "no copy of the main log on stdout when in the foreground"},
	{Name: "childlogdir", In: InSupervisord, Type: Directory, Names: NameHere, Long: true, Short: "q", Arg: "DIRECTORY", Help: "directory of AUTO log files, the system's temporary one by default"},
	{Name: "nocleanup", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Short: "k", Help: "keep AUTO log files of earlier runs"},
	{Name: "strip_ansi", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Help: "remove ANSI escape sequences from the output of processes"},
	{Name: "environment", In: InSupervisord, Type: KeyValues, Names: NameHere | NameHost, Help: "variables for all processes and for ENV_X", errorName: "environment"},
	{Name: "subreaper", Extension: true, In: InSupervisord, Type: AutoBoolean, Default: "auto", Names: NameHere, Help: "adopt and reap what programs leave behind, as process 1 does; auto where the system can"},
	{Name: "exit_on", Extension: true, In: InSupervisord, Type: ExitOnValue, Names: NameHere, Long: true, Flag: "exit-on", Arg: "LIST", Help: "ends of any program that end supervisord: fatal, exit, failure, success, and all_exited when none is left"},
	{Name: "exit_code", Extension: true, In: InSupervisord, Type: ExitStatusValue, Default: "first", Names: NameHere, Help: "exit status after an end that exit_on or essential asked for: that of the first program that ended so, of the first that failed, of the last, or a number"},
	{Name: "shutdown_timeout", Extension: true, In: InSupervisord, Type: Duration, Default: "infinity", Names: NameHere, Help: "time that all programs together have to stop at the end; what is left then is killed"},
	{Name: "shutdown_parallel", Extension: true, In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Help: "stop programs at the end regardless of priority, only dependents before what they depend on"},
	{Name: "update_granularity", Extension: true, In: InSupervisord, Type: GranularityValue, Default: "group", Names: NameHere, Help: "what an update restarts: whole groups, or only the processes of which something has changed that matters to them"},
	{Name: "profile_options", Long: true, Arg: "LIST", Help: "accepted for compatibility, without effect"},

	{Name: "files", In: InInclude, Required: true, Names: NameHere | NameHost, Help: "patterns of further files to read, separated by white space"},

	{Name: "supervisor.rpcinterface_factory", In: InRPCInterface, Required: true, Help: "module:callable that makes the interface"},
	{Name: "supervisor.ctl_factory", In: InCtlPlugin, Required: true, Help: "module:callable that makes the actions"},

	{Name: "programs", In: InGroup, Type: List, Names: NameHere, Help: "names of the programs in the group"},
	{Name: "priority", In: InGroup, Type: Integer, Default: "999", Names: NameHere, Help: "start and stop order of the group, lower starts earlier and stops later"},
	{Name: "depends_on", Extension: true, In: InGroup, Type: Dependencies, Names: NameHere, Help: "what all processes of the group depend on"},

	{Name: "listen", Extension: true, In: InSocket, Required: true, Names: NameHere | NameHost, Help: "tcp://host:port or unix:///absolute/path that supervisord listens on"},
	{Name: "backlog", Extension: true, In: InSocket, Type: Positive, Names: NameHere, Help: "length of the queue of connections, the system's maximum by default"},
	{Name: "reuse_port", Extension: true, In: InSocket, Type: Boolean, Default: "false", Names: NameHere, Help: "let others listen on the same TCP port (SO_REUSEPORT)"},
	{Name: "socket_owner", Extension: true, In: InSocket, Type: Owner, Names: NameHere, Help: "owner of the Unix socket", invalidPrefix: "Invalid socket_owner value "},
	{Name: "socket_mode", Extension: true, In: InSocket, Type: Octal, Default: "0700", Names: NameHere, Help: "mode of the Unix socket", invalidPrefix: "Invalid socket_mode value "},

	{Name: "buffer_size", In: InEventListener, Type: Integer, Default: "10", Names: NameHere, Help: "events that may wait for the pool"},
	{Name: "binary_events", Extension: true, In: InEventListener, Type: Boolean, Default: "false", Names: NameHere, Help: "len counts bytes and data is sent as it is, for listeners that do not read text"},
	{Name: "result_handler", In: InEventListener, Default: defaultResultHandler, Names: NameHere, Help: "module:callable that judges results"},
	{Name: "events", In: InEventListener, Type: List, Required: true, Names: NameHere, Help: "names of the events to receive"},

	{Name: "socket_backlog", In: InFastCGI, Type: Integer, Names: NameHere, Help: "length of the queue of connections, the system's maximum by default"},
	{Name: "socket_owner", In: InFastCGI, Type: Owner, Names: NameHere, Help: "owner of the Unix socket", invalidPrefix: "Invalid socket_owner value "},
	{Name: "socket_mode", In: InFastCGI, Type: Octal, Names: NameHere, Help: "mode of the Unix socket, 0700 by default", invalidPrefix: "Invalid socket_mode value "},
	{Name: "socket", In: InFastCGI, Required: true, Names: NameHere | NameProgram, Help: "unix:///absolute/path or tcp://host:port"},

	{Name: "priority", In: InPrograms, Type: Integer, Default: "999", Names: onceNames, Help: "start and stop order, lower starts earlier and stops later; a pool of listeners has -1 by default"},
	{Name: "autostart", In: InPrograms, Type: Boolean, Default: "true", Names: onceNames, Help: "start when supervisord starts"},
	{Name: "autorestart", In: InPrograms, Type: AutorestartValue, Default: "unexpected", Names: onceNames, Help: "start again when it exits: always, never, or when the exit status is not in exitcodes"},
	{Name: "startsecs", In: InPrograms, Type: Integer, Default: "1", Names: onceNames, Help: "seconds to stay up for the start to have succeeded"},
	{Name: "startretries", In: InPrograms, Type: Integer, Default: "3", Names: onceNames, Help: "further attempts before giving up"},
	{Name: "stopsignal", In: InPrograms, Type: Signal, Default: "TERM", Names: onceNames, Help: "signal that asks it to stop"},
	{Name: "stopwaitsecs", In: InPrograms, Type: Integer, Default: "10", Names: onceNames, Help: "seconds to wait before SIGKILL"},
	{Name: "stopasgroup", In: InPrograms, Type: Boolean, Default: "false", Names: onceNames, Help: "send the stop signal to the whole process group"},
	{Name: "killasgroup", In: InPrograms, Type: Boolean, Names: onceNames, Help: "send SIGKILL to the whole process group, as stopasgroup by default"},
	{Name: "exitcodes", In: InPrograms, Type: ExitCodes, Default: "0", Names: onceNames, Help: "expected exit statuses"},
	{Name: "redirect_stderr", In: InPrograms, Type: Boolean, Default: "false", Names: onceNames, Help: "stderr goes where stdout goes"},
	{Name: "numprocs", In: InPrograms, Type: Integer, Default: "1", Names: onceNames, Help: "number of processes"},
	{Name: "numprocs_start", In: InPrograms, Type: Integer, Default: "0", Names: onceNames, Help: "first process_num"},
	{Name: "stdout_capture_maxbytes", In: InPrograms, Type: ByteSize, Default: "0", Names: onceNames, Help: "size of the capture buffer of stdout, 0 for no capture"},
	{Name: "stdout_events_enabled", In: InPrograms, Type: Boolean, Default: "false", Names: onceNames, Help: "emit PROCESS_LOG_STDOUT events"},
	{Name: "stderr_capture_maxbytes", In: InPrograms, Type: ByteSize, Default: "0", Names: onceNames, Help: "size of the capture buffer of stderr, 0 for no capture"},
	{Name: "stderr_events_enabled", In: InPrograms, Type: Boolean, Default: "false", Names: onceNames, Help: "emit PROCESS_LOG_STDERR events"},
	{Name: "serverurl", In: InPrograms, Names: onceNames, Help: "SUPERVISOR_SERVER_URL of the process, AUTO for the computed one"},
	{Name: "user", In: InPrograms, Type: User, Names: onceNames, Help: "user to run as"},
	{Name: "umask", In: InPrograms, Type: Octal, Names: onceNames, Help: "umask of the process"},

	{Name: "environment", In: InPrograms, Type: KeyValues, Names: envNames, PerProcess: true, Help: "variables of the process", errorName: "environment"},
	{Name: "directory", In: InPrograms, Names: processNames, PerProcess: true, Help: "directory to change to before running the command"},
	{Name: "stdout_logfile", In: InPrograms, Type: Logfile, Default: "AUTO", Names: processNames, PerProcess: true, Help: "file for stdout, AUTO or NONE"},
	{Name: "stdout_logfile_backups", In: InPrograms, Type: Integer, Default: "10", Names: processNames, PerProcess: true, Help: "old files of stdout to keep"},
	{Name: "stdout_logfile_maxbytes", In: InPrograms, Type: ByteSize, Default: "50MB", Names: processNames, PerProcess: true, Help: "size at which the file of stdout is rotated, 0 for never"},
	{Name: "stdout_syslog", In: InPrograms, Type: Boolean, Default: "false", Names: processNames, PerProcess: true, Help: "send stdout to syslog"},
	{Name: "stderr_logfile", In: InPrograms, Type: Logfile, Default: "AUTO", Names: processNames, PerProcess: true, Help: "file for stderr, AUTO or NONE"},
	{Name: "stderr_logfile_backups", In: InPrograms, Type: Integer, Default: "10", Names: processNames, PerProcess: true, Help: "old files of stderr to keep"},
	{Name: "stderr_logfile_maxbytes", In: InPrograms, Type: ByteSize, Default: "50MB", Names: processNames, PerProcess: true, Help: "size at which the file of stderr is rotated, 0 for never"},
	{Name: "stderr_syslog", In: InPrograms, Type: Boolean, Default: "false", Names: processNames, PerProcess: true, Help: "send stderr to syslog"},
	{Name: "command", In: InPrograms, Required: true, Names: processNames, PerProcess: true, Help: "command line to run"},
	{Name: "process_name", In: InPrograms, Default: "%(program_name)s", Names: processNames, PerProcess: true, Help: "pattern of the processes' names", errorName: "process_name"},

	extension("ready", ReadyProbe, "", "a started process is RUNNING only after this has succeeded: http://host:port/path, tcp://host:port, unix:/path, fcgi://host:port/path, exec:command, file:/path, notify (sd_notify), fd:N or log:regex"),
	extension("ready_timeout", Duration, "60", "time that a start has to get ready; then it has failed"),
	extension("ready_interval", Duration, "1", "time between two probes for readiness"),
	extension("health", HealthProbe, "", "probe that a running process must go on to pass: http://, tcp://, unix:, fcgi://, exec: or notify (the watchdog of sd_notify)"),
	extension("health_interval", Duration, "10", "time between two probes for health"),
	extension("health_timeout", Duration, "2", "time that such a probe may take"),
	extension("health_failures", Positive, "3", "failures in a row that make a process unhealthy"),
	extension("health_start_period", Duration, "0", "time after a start in which its health is not looked at"),
	extension("health_action", HealthActionValue, "restart", "what is done with an unhealthy process"),
	extension("depends_on", Dependencies, "", "programs, groups or group:process that must be there before it starts, each with :ready (the default), :started or :success; ? to do without if need be, ! to be restarted with it"),
	extension("wait_for", Probes, "", "things outside that must be there before it starts: http://, tcp://, unix:, fcgi://, exec: or file:"),
	extension("depends_timeout", Duration, "infinity", "time to wait for both; then the start has failed"),
	extension("dependent_startup", Boolean, "false", "the plug-in supervisord-dependent-startup's: start it by itself, after what dependent_startup_wait_for names"),
	extension("dependent_startup_wait_for", Text, "", "the plug-in's: program:running, program:exited and the like, separated by white space"),
	extension("dependent_startup_inherit_priority", Boolean, "false", "the plug-in's: start as early as what it depends on"),
	extension("essential", Boolean, "false", "its end, with no restart to come, ends supervisord"),
	extension("exit_on", ExitOnValue, "", "the same for certain ends: fatal, exit, failure, success"),
	extension("stop_scope", StopScopeValue, "", "who is stopped with it: the child alone, its process group, all its descendants, or its control group; as stopasgroup and killasgroup by default"),
	extension("leftovers", LeftoversValue, "report", "what becomes of processes that a stop has left behind"),
	extension("stop_sequence", StopSteps, "", "signals and times instead of stopsignal and stopwaitsecs: QUIT 20s, TERM 10s, KILL"),
	{Name: "restart_delay", Alias: "restartpause", Extension: true, In: InPrograms, Type: Duration, Default: "0", Names: processNames, PerProcess: true, Help: "time before each automatic restart"},
	extension("restart_backoff", Factor, "1", "factor by which that time grows with each restart in a row"),
	extension("restart_delay_max", Duration, "infinity", "the most that it grows to"),
	literalExtension("restart_jitter", Fraction, "0", "share of it by which it differs at random"),
	extension("restart_limit", RestartLimitValue, "", "restarts within a time that are too many: 5/10m"),
	extension("restart_limit_action", LimitActionValue, "fatal", "what happens then: the process is given up, its group is stopped, or supervisord ends"),
	extension("sockets", NameList, "", "names of [socket:x] sections whose sockets it gets from descriptor 3 on, as by systemd (LISTEN_FDS)"),
	extension("listen_env", AutoBoolean, "auto", "tell it of its sockets in LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID; auto unless its command names them as fd://3"),
	literalExtension("rolling_batch", ShareValue, "1", "processes that a rolling restart restarts at a time"),
	extension("rolling_surge", Count, "0", "further processes that are started for the time of a rolling restart"),
	extension("rolling_pause", Duration, "0", "time between two batches"),
	extension("drain_timeout", Duration, "0", "time that a process has to stop in a rolling restart, 0 for that of any stop"),
	{Name: "env_file", Alias: "envfiles", Extension: true, In: InPrograms, Type: EnvFileList, Names: processNames, PerProcess: true, Help: "files of variables, read at each start; one with a - before it need not exist"},
	extension("user_env", Boolean, "false", "set HOME, USER, LOGNAME and SHELL to those of the user"),
	{Name: "pre_start", Alias: "pre_start_hook", Extension: true, In: InPrograms, Names: processNames, PerProcess: true, Help: "command to run before each start, which fails if it does"},
	extension("post_start", Text, "", "command to run when it is RUNNING"),
	{Name: "pre_stop", Alias: "pre_stop_hook", Extension: true, In: InPrograms, Names: processNames, PerProcess: true, Help: "command to run before it is asked to stop"},
	extension("post_stop", Text, "", "command to run after it has ended"),
	extension("hook_timeout", Duration, "30", "time that each of these commands may take"),
	extension("reload_signal", Signal, "", "signal that makes it read its own configuration again"),
	extension("reload_command", Text, "", "command that does so, instead of a signal"),
	extension("reload_check", Text, "", "command that must succeed before"),

	{Name: "port", In: InInetServer, Type: InetAddress, Required: true, Help: "port or host:port to listen on"},
	{Name: "get_actions", Extension: true, In: InInetServer, Type: Boolean, Default: "false", Help: "carry out actions of the web pages by GET too; any site can then have a browser send them"},
	{Name: "allowed_hosts", Extension: true, In: InInetServer, Type: List, Help: "host names for which a server without password answers besides those of this machine; *.x for all below x, * for any"},
	{Name: "file", In: InUnixServer, Required: true, Names: NameHere, Help: "path of the socket"},
	{Name: "username", In: inServers, Help: "user that clients must name"},
	{Name: "password", In: inServers, Help: "password that clients must give, clear, {bcrypt} and its hash, as `htpasswd -bnBC 10 '' WORD` prints behind a colon, or {SHA} and its SHA-1"},
	{Name: "chown", In: InUnixServer, Type: Owner, Help: "owner of the socket", invalidPrefix: "Invalid sockchown value "},
	{Name: "chmod", In: InUnixServer, Type: Octal, Default: "0700", Help: "mode of the socket", invalidPrefix: "Invalid chmod value "},

	{Name: "serverurl", In: InSupervisorctl, Default: "http://localhost:9001", Names: NameHere, Help: "server to talk to"},
	{Name: "prompt", In: InSupervisorctl, Default: "supervisor", Help: "prompt of the shell"},
	{Name: "username", In: InSupervisorctl, Help: "user to log in as"},
	{Name: "password", In: InSupervisorctl, Help: "password to log in with, clear"},
	{Name: "history_file", In: InSupervisorctl, Names: NameHere, Help: "file that keeps the shell's history"},
}

// extension is the row of an option of programs that Supervisor doesn't know.
func extension(name string, kind Type, byDefault, help string) Option {
	return Option{Name: name, Extension: true, In: InPrograms, Type: kind, Default: byDefault, Names: processNames, PerProcess: true, Help: help}
}

// literalExtension is own for a value that may have a % in it.
func literalExtension(name string, kind Type, byDefault, help string) Option {
	o := extension(name, kind, byDefault, help)
	o.literal = true
	return o
}

// find returns the row of an option in one kind of section, or nil.
func find(in Sections, name string) *Option {
	for i := range options {
		o := &options[i]
		if o.In&in != 0 && (o.Name == name || (o.Alias == name || o.Flag == name) && name != "") {
			return o
		}
	}
	return nil
}
