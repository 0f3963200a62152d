package config

import (
	"reflect"
	"syscall"
	"time"

	"supervisor/supervisord/config/option"
)

// Policy is what a program may ask for that Supervisor does not know. Its zero
// value, but for the defaults that only count where something else is set, is
// what Supervisor does.
type Policy struct {
	// Configured tells that the file says anything of it. Otherwise two
	// policies need not be compared, nor this one looked at.
	Configured bool
	// Written are the options that the section sets, by their first names, with
	// what they refer to filled in, in the order of the table.
	Written []Variable

	Ready  Readiness
	Health Health

	DependsOn      []Dependency
	WaitFor        []Probe       // things outside that must be there before a start
	DependsTimeout time.Duration // for both; Forever by default

	Exit    ExitPolicy
	Stop    StopPolicy
	Restart RestartPolicy
	Rolling Rolling
	Listen  []*ListenSocket // passed from descriptor 3 on, in this order
	// ListenEnv is whether LISTEN_FDS and its kind tell of them; Auto is to be
	// decided by the command.
	ListenEnv AutoBool

	EnvFiles []EnvFile
	UserEnv  bool // HOME, USER, LOGNAME and SHELL of the user
	Hooks    Hooks
	Refresh  Refresh
}

// equal tells whether two policies ask for the same.
func (p *Policy) equal(q *Policy) bool {
	if !p.Configured && !q.Configured {
		return true
	}
	a, b := *p, *q
	a.Written, b.Written = nil, nil // 60 is 1m
	return reflect.DeepEqual(a, b)
}

// Readiness is when a process that has been started is ready for use: after the
// first success of the probe.
type Readiness struct {
	Probe
	Timeout  time.Duration // of the start; Forever for none
	Interval time.Duration // between two probes
}

// Health is how a running process is watched.
type Health struct {
	Probe
	Interval    time.Duration // between the beginnings of two probes
	Timeout     time.Duration // of one probe
	StartPeriod time.Duration // after RUNNING, before the first probe
	Failures    int           // in a row that make it unhealthy, at least 1
	Action      HealthAction
	Signal      syscall.Signal // of HealthSignal
}

// HealthAction is what is done with an unhealthy process.
type HealthAction int

// The actions of health_action=.
const (
	HealthRestart HealthAction = iota
	HealthNone                 // it is only told
	HealthStop
	HealthSignal // Health.Signal is sent
	HealthExit   // supervisord ends
)

// Dependency is a program, a group or a process that must be in a certain
// condition before a process is started.
type Dependency struct {
	Text      string // as written
	Name      string // program, group or group:process
	Condition Condition
	Soft      bool // ? : a start goes on without it if it can't be had
	Together  bool // ! : what depends on it is restarted with it

	Section, Option string // where it is written
}

// Condition is how far another process must have come.
type Condition int

// The conditions of depends_on=.
const (
	ConditionReady   Condition = iota // it is RUNNING, which ready= delays
	ConditionStarted                  // its child has been born
	ConditionSuccess                  // it has ended with an expected exit status
	// ConditionReadyOrSuccess is one of both. There is no word for it but
	// "running,exited" of dependent_startup_wait_for.
	ConditionReadyOrSuccess
)

// String returns the word in the configuration.
func (c Condition) String() string {
	return [...]string{"ready", "started", "success", "ready or success"}[c]
}

// ExitPolicy says when the end of a process is the end of supervisord.
type ExitPolicy struct {
	Essential bool // any end for good is
	On        ExitOn
}

// ExitOn is a set of ways to end for good: with no restart to come.
type ExitOn uint8

// The members of ExitOn.
const (
	OnFatal     ExitOn = 1 << iota // it was given up
	OnExit                         // it has exited, however
	OnFailure                      // it has exited with an unexpected status, or was given up
	OnSuccess                      // it has exited with an expected status
	OnAllExited                    // of [supervisord] only: all have ended in one way or another
)

// StopPolicy says how a process is stopped, and with whom.
type StopPolicy struct {
	Scope     StopScope
	Leftovers Leftovers
	// LeftoversSet tells that leftovers= stands in the file.
	LeftoversSet bool
	// Sequence takes the place of stopsignal and stopwaitsecs if it is not
	// empty. After the last step comes SIGKILL.
	Sequence []StopStep
}

// StopStep is one signal and how long it is given. The Wait of a final KILL
// without a time is 0.
type StopStep struct {
	Signal syscall.Signal
	Wait   time.Duration
}

// StopScope says who is stopped with a process.
type StopScope int

// The scopes of stop_scope=.
const (
	ScopeDefault StopScope = iota // as stopasgroup and killasgroup say
	ScopeLeader                   // the child alone
	ScopeGroup                    // its process group
	ScopeTree                     // all its descendants
	ScopeCgroup                   // all in a control group of its own
)

// String returns the word in the configuration, "" for the default.
func (s StopScope) String() string { return [...]string{"", "leader", "group", "tree", "cgroup"}[s] }

// Leftovers says what becomes of processes that a stop has left behind.
type Leftovers int

// The values of leftovers=.
const (
	LeftoversReport Leftovers = iota
	LeftoversKill
	LeftoversIgnore
)

// RestartPolicy says when a process that has ended by itself is born again.
type RestartPolicy struct {
	Delay         time.Duration // before the first restart; 0 for Supervisor's pace
	BackoffFactor float64       // of the delay with each restart in a row, at least 1
	Max           time.Duration // of the delay, Forever for none
	Jitter        float64       // share of the delay by which it may differ, 0 to 1
	Limit         int           // restarts within Window, 0 for no limit
	Window        time.Duration
	LimitAction   LimitAction
}

// HasDelay tells whether it sets a delay of its own.
func (r *RestartPolicy) HasDelay() bool { return r.Delay > 0 || r.BackoffFactor > 1 }

// LimitAction is what happens when the limit of restarts is reached.
type LimitAction int

// The values of restart_limit_action=.
const (
	LimitFatal     LimitAction = iota
	LimitStopGroup             // the group is stopped too
	LimitExit                  // supervisord ends
)

// Rolling says how processes of a program take turns at a restart.
type Rolling struct {
	Batch        option.Share  // restarted at a time
	Surge        int           // further ones that run meanwhile
	Pause        time.Duration // between two batches
	DrainTimeout time.Duration // that a process has to stop in a rolling restart, 0 for that of any stop
}

// EnvFile is a file of variables.
type EnvFile struct {
	Path     string // absolute
	Optional bool   // it need not exist
}

// Hooks are commands that are run at certain moments, "" for none.
type Hooks struct {
	PreStart, PostStart, PreStop, PostStop string
	Timeout                                time.Duration // of each; Forever for none
}

// Refresh is how a process is told to read its own configuration again.
type Refresh struct {
	Signal  syscall.Signal // 0 for none
	Command string         // instead of a signal, "" for none
	Check   string         // must succeed before, "" for none
}

// ListenSocket is a [socket:x]: supervisord listens, programs accept.
type ListenSocket struct {
	Name      string // of the section, which programs get as its name too
	Section   string
	URL       string // tcp://host:port or unix:///path
	Family    string // "unix" or "tcp"
	Path      string // unix
	Host      string // tcp: "" for all interfaces
	Port      int    // tcp
	Mode      uint32 // unix
	UID, GID  int    // unix, -1 to leave as it is
	Backlog   int    // 0 for the system's maximum
	ReusePort bool   // tcp
}
