package api

import "supervisor/supervisord/api/states"

// Version is the version of the XML-RPC interface, not of the program.
const Version = "3.0"

// ProcessInfo is what getProcessInfo returns about one process. Times are seconds since the
// epoch, 0 for never.
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

	// Ready is a bool, Health "healthy", "unhealthy" or "unknown". They are only present
	// if the program has such a check.
	Ready  any    `json:"ready,omitempty"`
	Health string `json:"health,omitempty"`
}

// ConfigInfo is what getAllConfigInfo returns about one configured process. An unset text
// is "none", an AUTO log file that does not exist yet "auto". Autorestart is a bool or the
// string "unexpected", UID an int or the string "none".
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

// StateInfo is what getState returns about the daemon.
type StateInfo struct {
	Code states.Daemon `json:"statecode"`
	Name string        `json:"statename"`
}

// CallResult is what a call for a group or for all returns about one process. Status is a
// fault code, 80 for success; Description is "OK" or the text of the fault.
type CallResult struct {
	Name        string `json:"name"`
	Group       string `json:"group"`
	Status      int    `json:"status"`
	Description string `json:"description"`
}

// Changes is what reloadConfig has found: the names of groups.
type Changes struct {
	Added   []string
	Changed []string
	Removed []string
}

// Reason is one reason why a process is in its state, in words for people. Kind is what it
// is about: "state", "exit", "probe", "dependency", "budget", "hook", "socket" and so on.
type Reason struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// Variable is an environment variable of a process. Source is where it comes from:
// "supervisord" for the daemon's own environment, "supervisor" for the variables that every
// process gets, "user" for user_env, "configuration" for environment=, or the path of a file
// of env_file=. Masked says that at least part of Value is hidden.
type Variable struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
	Masked bool   `json:"masked"`
}

// SocketInfo is what getSockets returns about a [socket:x]. State is "open", "closed" before
// the first start of a program that uses it, or "failed" if it can't be opened; Error is the
// reason then.
type SocketInfo struct {
	Name      string   `json:"name"`
	URL       string   `json:"url"` // tcp://host:port or unix:///path
	State     string   `json:"state"`
	Error     string   `json:"error"`
	Processes []string `json:"processes"` // that get it, by full name
	// Waiting is how many connections have not been accepted yet, Backlog how many can
	// wait. They are -1 if that is not known.
	Waiting int `json:"waiting"`
	Backlog int `json:"backlog"`
}

// Dependencies is what one process depends on.
type Dependencies struct {
	Name      string       `json:"name"` // the full one
	StateName string       `json:"statename"`
	Needs     []Dependency `json:"needs"`
	WaitFor   []string     `json:"wait_for"` // the probes of things outside
}

// Dependency is a dependency on a program, a group or a process.
type Dependency struct {
	Text      string   `json:"text"` // as written
	On        []string `json:"on"`   // full names of the processes, none if they are not in use
	Condition string   `json:"condition"`
	Soft      bool     `json:"soft"`
	Together  bool     `json:"together"`
	// Unmet is where the other process is while the condition does not hold, else "".
	Unmet string `json:"lack"`
}

// Health is what getProcessHealth returns about one process. Condition is waiting, late,
// ready, unready, healthy, failing, unhealthy or unknown; or the state in lower case while
// the process does not run. Times are seconds since the epoch, 0 for not known.
type Health struct {
	Name      string `json:"name"`
	Group     string `json:"group"`
	Condition string `json:"condition"`
	Since     int64  `json:"since"`
	Now       int64  `json:"now"`
	Error     string `json:"error"` // of the last probe, "" if it succeeded
}
