package api

import "supervisor/supervisord/api/states"

// Version is the version of the XML-RPC interface, not of the program.
const Version = "3.0"

// ProcessInfo is what getProcessInfo tells of one process. Times are seconds
// since the epoch, 0 for never.
type ProcessInfo struct {
	Name          string         `json:"name"`
	Group         string         `json:"group"`
	Start         int64          `json:"start"`
	Stop          int64          `json:"stop"`
	Now           int64          `json:"now"`
	State         states.Process `json:"state"`
	StateName     string         `json:"statename"`
	SpawnErr      string         `json:"spawnerr"`
	ExitStatus    int            `json:"exitstatus"`
	Logfile       string         `json:"logfile"`
	StdoutLogfile string         `json:"stdout_logfile"`
	StderrLogfile string         `json:"stderr_logfile"`
	PID           int            `json:"pid"`
	Description   string         `json:"description"`

	// Ready is a bool, Health "healthy", "unhealthy" or "unknown". They are there
	// only where the configuration asks for them.
	Ready  any    `json:"ready,omitempty"`
	Health string `json:"health,omitempty"`
}

// ConfigInfo is what getAllConfigInfo tells of one configured process. An
// unset text is "none", an automatic log file "auto". Autorestart is a bool or
// the string "unexpected", UID an int or the string "none".
type ConfigInfo struct {
	Autostart             bool   `json:"autostart"`
	Autorestart           any    `json:"autorestart"`
	Directory             string `json:"directory"`
	UID                   any    `json:"uid"`
	Command               string `json:"command"`
	ExitCodes             []int  `json:"exitcodes"`
	Group                 string `json:"group"`
	GroupPriority         int    `json:"group_prio"`
	InUse                 bool   `json:"inuse"`
	KillAsGroup           bool   `json:"killasgroup"`
	Name                  string `json:"name"`
	ProcessPriority       int    `json:"process_prio"`
	RedirectStderr        bool   `json:"redirect_stderr"`
	StartRetries          int    `json:"startretries"`
	StartSecs             int    `json:"startsecs"`
	StdoutCaptureMaxBytes int64  `json:"stdout_capture_maxbytes"`
	StdoutEventsEnabled   bool   `json:"stdout_events_enabled"`
	StdoutLogfile         string `json:"stdout_logfile"`
	StdoutLogfileBackups  int    `json:"stdout_logfile_backups"`
	StdoutLogfileMaxBytes int64  `json:"stdout_logfile_maxbytes"`
	StdoutSyslog          bool   `json:"stdout_syslog"`
	StopSignal            int    `json:"stopsignal"`
	StopWaitSecs          int    `json:"stopwaitsecs"`
	StderrCaptureMaxBytes int64  `json:"stderr_capture_maxbytes"`
	StderrEventsEnabled   bool   `json:"stderr_events_enabled"`
	StderrLogfile         string `json:"stderr_logfile"`
	StderrLogfileBackups  int    `json:"stderr_logfile_backups"`
	StderrLogfileMaxBytes int64  `json:"stderr_logfile_maxbytes"`
	StderrSyslog          bool   `json:"stderr_syslog"`
	ServerURL             string `json:"serverurl"`
}

// StateInfo is what getState tells of the daemon.
type StateInfo struct {
	Code states.Daemon `json:"statecode"`
	Name string        `json:"statename"`
}

// CallResult is what a group or all call tells of one process. Status is a
// fault code, 80 for success; Description is "OK" or the fault's text.
type CallResult struct {
	Name        string `json:"name"`
	Group       string `json:"group"`
	Status      int    `json:"status"`
	Description string `json:"description"`
}

// Changes is what reloadConfig found: names of groups.
type Changes struct {
	Added   []string
	Changed []string
	Removed []string
}

// Reason is one reason why a process is in its state, in words for people. Kind
// tells what it is about: "state", "exit", "probe", "dependency", "budget",
// "hook", "socket" and so on.
type Reason struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// Variable is a variable of a process. Source is where it comes from:
// "supervisord" for what the daemon has, "supervisor" for what every process is
// told, "user" for user_env, "configuration" for environment=, or the path of a
// file of env_file=. Masked tells that Value is not, or not wholly, what it is.
type Variable struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
	Masked bool   `json:"masked"`
}

// SocketInfo is what getSockets tells of a [socket:x]. State is "open",
// "closed" while nobody has wanted it yet, or "failed" if it can't be opened,
// for which Error is the reason.
type SocketInfo struct {
	Name      string   `json:"name"`
	URL       string   `json:"url"` // tcp://host:port or unix:///path
	State     string   `json:"state"`
	Error     string   `json:"error"`
	Processes []string `json:"processes"` // who gets it, by their full names
	// Waiting connections have not been accepted yet; Backlog is how many can
	// wait. They are -1 where that is not known.
	Waiting int `json:"waiting"`
	Backlog int `json:"backlog"`
}

// Dependencies is what one process depends on.
type Dependencies struct {
	Name      string       `json:"name"` // the full one
	StateName string       `json:"statename"`
	Needs     []Dependency `json:"needs"`
	WaitFor   []string     `json:"wait_for"` // things outside
}

// Dependency is a dependency on a program, a group or a process.
type Dependency struct {
	Text      string   `json:"text"` // as written
	On        []string `json:"on"`   // the full names of the processes, none if they are not in use
	Condition string   `json:"condition"`
	Soft      bool     `json:"soft"`
	Together  bool     `json:"together"`
	// Lack is where the other process is while the condition does not hold, else "".
	Unmet string `json:"lack"`
}

// Health is what getProcessHealth tells of one process: its Condition is waiting,
// late, ready, unready, healthy, failing, unhealthy or unknown, or, while it does not run, its
// state in lower case. Times are seconds since the epoch, 0 for not known.
type Health struct {
	Name      string `json:"name"`
	Group     string `json:"group"`
	Condition string `json:"condition"`
	Since     int64  `json:"since"`
	Now       int64  `json:"now"`
	Error     string `json:"error"` // what the last probe came to, "" for a success
}
