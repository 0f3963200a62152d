package config

import "slices"

// Type is the type of an option: what its text may say and what it becomes.
type Type uint8

// The types.
const (
	Text          Type = iota // any text
	Integer                   // a whole number
	Octal                     // a file mode or mask
	Boolean                   // true yes on 1, false no off 0
	ByteSize                  // a number of bytes, or of KB, MB or GB
	Level                     // name of a log level
	Signal                    // name or number of a signal
	ExitCodes                 // numbers from 0 to 255 separated by commas
	AutorestartOn             // unexpected, or a boolean
	List                      // words separated by commas
	Directory                 // a directory that exists
	Path                      // a path in a directory that exists
	Logfile                   // a Path, or NONE, AUTO or SYSLOG
	User                      // name or number of a user
	Owner                     // user or user:group
	InetAddress               // port, :port, *:port or host:port
	KeyValues                 // NAME="value" pairs separated by commas
	AutoBoolean               // auto, or a boolean
	StatePath                 // a Path, or NONE
	OrphansAre                // adopt, kill or leave
)

// parse converts an option's text.
func (t Type) parse(h *Host, s string) (any, error) {
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
	case AutorestartOn:
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
	case OrphansAre:
		return orphanPolicy(s)
	}
	return s, nil
}

// String describes the type in a few words.
func (t Type) String() string {
	return [...]string{
		Text: "text", Integer: "integer", Octal: "octal number", Boolean: "boolean", ByteSize: "byte size",
		Level: "log level", Signal: "signal", ExitCodes: "list of exit codes", AutorestartOn: "boolean or unexpected",
		List: "list", Directory: "existing directory", Path: "path", Logfile: "log file", User: "user",
		Owner: "user:group", InetAddress: "address", KeyValues: "environment",
		AutoBoolean: "boolean or auto",
		StatePath:   "path", OrphansAre: "adopt, kill or leave",
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

	// InPrograms is where the options of processes stand.
	InPrograms = InProgram | InEventListener | InFastCGI
	inServers  = InUnixServer | InInetServer
)

// Headers returns how the sections of the set are headed: "program:x".
func (s Sections) Headers() []string {
	all := []string{
		"supervisord", "include", "unix_http_server", "inet_http_server", "supervisorctl", "rpcinterface:x",
		"ctlplugin:x", "group:x", "program:x", "eventlistener:x", "fcgi-program:x",
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
	Name     string
	In       Sections // where it may stand; 0 for the command line alone
	Type     Type
	Default  string // as one would write it, "" for none
	Names    Names  // what %(name)s may refer to, besides ENV_X
	Each     bool   // it is read for each process, not once per section
	Required bool
	Own      bool   // Supervisor doesn't know it
	Help     string // one line

	// On supervisord's command line:
	Long  bool   // there is --Name
	Short string // letters of its short forms
	Arg   string // what its argument is called, "" for a flag

	where   string // what error texts call it instead of section.name
	invalid string // error text before a bad value, instead of the type's own
}

const (
	onceNames    = NameHere | NameProgram | NameHost | NameGroup
	processNames = onceNames | NameNumber | NameOwnEnv
	envNames     = onceNames | NameNumber
)

// Options returns the table of all options in the order in which they are read.
func Options() []Option { return slices.Clone(options) }

// options is the one place where anything is said of an option.
var options = []Option{
	{Name: "help", Long: true, Short: "h?", Help: "show this text and exit"},
	{Name: "version", Long: true, Short: "v", Help: "show the version and exit"},
	{Name: "configuration", Long: true, Short: "c", Arg: "FILENAME", Help: "read this configuration file instead of searching for one"},
	{Name: "test", Own: true, Long: true, Short: "t", Help: "check the configuration, report all errors and exit; -t beside options for a daemon is --strip_ansi"},
	{Name: "json", Own: true, Long: true, Help: "with -t: write what was understood as JSON"},

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
	{Name: "state_file", Own: true, In: InSupervisord, Type: StatePath, Names: NameHere, Help: "record of the running programs, by which they are found again after a crash of supervisord; the pidfile with .state behind it by default, NONE for no record"},
	{Name: "orphan_policy", Own: true, In: InSupervisord, Type: OrphansAre, Default: "adopt", Names: NameHere, Help: "what becomes of programs that have survived a crash of supervisord: adopt takes them over, kill stops them and starts them anew, leave lets them be"},
	{Name: "identifier", In: InSupervisord, Default: "supervisor", Names: NameHere, Long: true, Short: "i", Arg: "STR", Help: "name of this supervisord for clients and in log names"},
	{Name: "nodaemon", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Short: "n", Help: "stay in the foreground"},
	{Name: "silent", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Short: "s", Help: "no copy of the main log on stdout when in the foreground"},
	{Name: "childlogdir", In: InSupervisord, Type: Directory, Names: NameHere, Long: true, Short: "q", Arg: "DIRECTORY", Help: "directory of AUTO log files, the system's temporary one by default"},
	{Name: "nocleanup", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Short: "k", Help: "keep AUTO log files of earlier runs"},
	{Name: "strip_ansi", In: InSupervisord, Type: Boolean, Default: "false", Names: NameHere, Long: true, Help: "remove ANSI escape sequences from the output of processes"},
	{Name: "environment", In: InSupervisord, Type: KeyValues, Names: NameHere | NameHost, Help: "variables for all processes and for ENV_X", where: "environment"},
	{Name: "subreaper", Own: true, In: InSupervisord, Type: AutoBoolean, Default: "auto", Names: NameHere, Help: "adopt and reap what programs leave behind, as process 1 does; auto where the system can"},
	{Name: "profile_options", Long: true, Arg: "LIST", Help: "accepted for compatibility, without effect"},

	{Name: "files", In: InInclude, Required: true, Names: NameHere | NameHost, Help: "patterns of further files to read, separated by white space"},

	{Name: "supervisor.rpcinterface_factory", In: InRPCInterface, Required: true, Help: "module:callable that makes the interface"},
	{Name: "supervisor.ctl_factory", In: InCtlPlugin, Required: true, Help: "module:callable that makes the actions"},

	{Name: "programs", In: InGroup, Type: List, Names: NameHere, Help: "names of the programs in the group"},
	{Name: "priority", In: InGroup, Type: Integer, Default: "999", Names: NameHere, Help: "start and stop order of the group, lower starts earlier and stops later"},

	{Name: "buffer_size", In: InEventListener, Type: Integer, Default: "10", Names: NameHere, Help: "events that may wait for the pool"},
	{Name: "binary_events", Own: true, In: InEventListener, Type: Boolean, Default: "false", Names: NameHere, Help: "len counts bytes and data is sent as it is, for listeners that do not read text"},
	{Name: "result_handler", In: InEventListener, Default: defaultResultHandler, Names: NameHere, Help: "module:callable that judges results"},
	{Name: "events", In: InEventListener, Type: List, Required: true, Names: NameHere, Help: "names of the events to receive"},

	{Name: "socket_backlog", In: InFastCGI, Type: Integer, Names: NameHere, Help: "length of the queue of connections, the system's maximum by default"},
	{Name: "socket_owner", In: InFastCGI, Type: Owner, Names: NameHere, Help: "owner of the Unix socket", invalid: "Invalid socket_owner value "},
	{Name: "socket_mode", In: InFastCGI, Type: Octal, Names: NameHere, Help: "mode of the Unix socket, 0700 by default", invalid: "Invalid socket_mode value "},
	{Name: "socket", In: InFastCGI, Required: true, Names: NameHere | NameProgram, Help: "unix:///absolute/path or tcp://host:port"},

	{Name: "priority", In: InPrograms, Type: Integer, Default: "999", Names: onceNames, Help: "start and stop order, lower starts earlier and stops later; a pool of listeners has -1 by default"},
	{Name: "autostart", In: InPrograms, Type: Boolean, Default: "true", Names: onceNames, Help: "start when supervisord starts"},
	{Name: "autorestart", In: InPrograms, Type: AutorestartOn, Default: "unexpected", Names: onceNames, Help: "start again when it exits: always, never, or when the exit status is not in exitcodes"},
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

	{Name: "environment", In: InPrograms, Type: KeyValues, Names: envNames, Each: true, Help: "variables of the process", where: "environment"},
	{Name: "directory", In: InPrograms, Names: processNames, Each: true, Help: "directory to change to before running the command"},
	{Name: "stdout_logfile", In: InPrograms, Type: Logfile, Default: "AUTO", Names: processNames, Each: true, Help: "file for stdout, AUTO or NONE"},
	{Name: "stdout_logfile_backups", In: InPrograms, Type: Integer, Default: "10", Names: processNames, Each: true, Help: "old files of stdout to keep"},
	{Name: "stdout_logfile_maxbytes", In: InPrograms, Type: ByteSize, Default: "50MB", Names: processNames, Each: true, Help: "size at which the file of stdout is rotated, 0 for never"},
	{Name: "stdout_syslog", In: InPrograms, Type: Boolean, Default: "false", Names: processNames, Each: true, Help: "send stdout to syslog"},
	{Name: "stderr_logfile", In: InPrograms, Type: Logfile, Default: "AUTO", Names: processNames, Each: true, Help: "file for stderr, AUTO or NONE"},
	{Name: "stderr_logfile_backups", In: InPrograms, Type: Integer, Default: "10", Names: processNames, Each: true, Help: "old files of stderr to keep"},
	{Name: "stderr_logfile_maxbytes", In: InPrograms, Type: ByteSize, Default: "50MB", Names: processNames, Each: true, Help: "size at which the file of stderr is rotated, 0 for never"},
	{Name: "stderr_syslog", In: InPrograms, Type: Boolean, Default: "false", Names: processNames, Each: true, Help: "send stderr to syslog"},
	{Name: "command", In: InPrograms, Required: true, Names: processNames, Each: true, Help: "command line to run"},
	{Name: "process_name", In: InPrograms, Default: "%(program_name)s", Names: processNames, Each: true, Help: "pattern of the processes' names", where: "process_name"},

	{Name: "port", In: InInetServer, Type: InetAddress, Required: true, Help: "port or host:port to listen on"},
	{Name: "get_actions", Own: true, In: InInetServer, Type: Boolean, Default: "false", Help: "carry out actions of the web pages by GET too; any site can then have a browser send them"},
	{Name: "file", In: InUnixServer, Required: true, Names: NameHere, Help: "path of the socket"},
	{Name: "username", In: inServers, Help: "user that clients must name"},
	{Name: "password", In: inServers, Help: "password that clients must give, clear, {bcrypt} and its hash, as `htpasswd -bnBC 10 '' WORD` prints behind a colon, or {SHA} and its SHA-1"},
	{Name: "chown", In: InUnixServer, Type: Owner, Help: "owner of the socket", invalid: "Invalid sockchown value "},
	{Name: "chmod", In: InUnixServer, Type: Octal, Default: "0700", Help: "mode of the socket", invalid: "Invalid chmod value "},

	{Name: "serverurl", In: InSupervisorctl, Default: "http://localhost:9001", Names: NameHere, Help: "server to talk to"},
	{Name: "prompt", In: InSupervisorctl, Default: "supervisor", Help: "prompt of the shell"},
	{Name: "username", In: InSupervisorctl, Help: "user to log in as"},
	{Name: "password", In: InSupervisorctl, Help: "password to log in with, clear"},
	{Name: "history_file", In: InSupervisorctl, Names: NameHere, Help: "file that keeps the shell's history"},
}

// find returns the row of an option in one kind of section, or nil.
func find(in Sections, name string) *Option {
	for i := range options {
		if options[i].In&in != 0 && options[i].Name == name {
			return &options[i]
		}
	}
	return nil
}
