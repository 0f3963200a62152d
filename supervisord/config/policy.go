package config

import (
	"reflect"
	"syscall"
	"time"

	"supervisor/supervisord/config/option"
)

// Policy holds the extensions of a program: the options that Supervisor does not
// have. Its zero value is Supervisor's behaviour. Defaults that are not zero only
// matter together with another option.
type Policy struct {
	// Configured reports whether the file sets any extension. If it does not, the
	// policy need not be looked at or compared.
	Configured bool
	// Written are the extensions that the section sets, by their main names, with
	// %(name)s expanded, in the order of the table.
	Written []Variable

	Ready  Readiness
	Health Health

	DependsOn      []Dependency
	WaitFor        []Probe       // what must be reachable before a start
	DependsTimeout time.Duration // for both; Forever by default

	Exit    ExitPolicy
	Stop    StopPolicy
	Restart RestartPolicy
	Rolling Rolling
	Listen  []*ListenSocket // passed from descriptor 3 on, in this order
	// ListenEnv says whether LISTEN_FDS and the like describe them. With Auto the
	// command decides.
	ListenEnv AutoBool

	EnvFiles []EnvFile
	UserEnv  bool // HOME, USER, LOGNAME and SHELL of the user
	Hooks    Hooks
	Refresh  Refresh
}

// equal reports whether two policies ask for the same.
func (p *Policy) equal(q *Policy) bool {
	if !p.Configured && !q.Configured {
		return true
	}
	a, b := *p, *q
	a.Written, b.Written = nil, nil // 60 is 1m
	return reflect.DeepEqual(a, b)
}

// Readiness says when a started process is ready: after the first success of the
// probe.
type Readiness struct {
	Probe
	Timeout  time.Duration // of the start; option.Forever for none
	Interval time.Duration // between two probes
}

// Health says how a running process is checked.
type Health struct {
	Probe
	Interval    time.Duration // from the start of one probe to the next
	Timeout     time.Duration // of one probe
	StartPeriod time.Duration // after RUNNING, before the first probe
	Failures    int           // in a row that make it unhealthy, at least 1
	Action      HealthAction
	Signal      syscall.Signal // of HealthSignal
}

// HealthAction is the reaction to an unhealthy process.
type HealthAction int

// The actions of health_action=.
const (
	HealthRestart HealthAction = iota
	HealthNone                 // only report it
	HealthStop
	HealthSignal // send Health.Signal
	HealthExit   // supervisord exits
)

// Dependency is a program, a group or a process that must be in a certain
// condition before a process is started.
type Dependency struct {
	Text      string // as written
	Name      string // program, group or group:process
	Condition Condition
	Soft      bool // ? : the start goes on without it if it can't be satisfied
	Together  bool // ! : processes that depend on it are restarted with it

	Section, Option string // that name it
}

// Condition is the state that another process must have reached.
type Condition int

// The conditions of depends_on=.
const (
	ConditionReady   Condition = iota // it is RUNNING, which ready= delays
	ConditionStarted                  // it has been spawned
	ConditionSuccess                  // it has exited with an expected status
	// ConditionReadyOrSuccess is either of the two. Only
	// dependent_startup_wait_for=x:running,exited asks for it.
	ConditionReadyOrSuccess
)

// String returns the word in the configuration.
func (c Condition) String() string {
	return [...]string{"ready", "started", "success", "ready or success"}[c]
}

// ExitPolicy says after which exits of a process supervisord exits.
type ExitPolicy struct {
	Essential bool // after any exit that no restart follows
	On        ExitOn
}

// ExitOn is a set of exits that no restart follows.
type ExitOn uint8

// The members of ExitOn.
const (
	OnFatal     ExitOn = 1 << iota // it has become FATAL
	OnExit                         // it has exited with any status
	OnFailure                      // it has exited with an unexpected status, or become FATAL
	OnSuccess                      // it has exited with an expected status
	OnAllExited                    // of [supervisord] only: no program runs any more
)

// StopPolicy says how a process is stopped, and what is stopped with it.
type StopPolicy struct {
	Scope     StopScope
	Leftovers Leftovers
	// LeftoversSet reports whether the file has leftovers=.
	LeftoversSet bool
	// Sequence replaces stopsignal and stopwaitsecs if it is not empty. SIGKILL
	// follows its last step.
	Sequence []StopStep
}

// StopStep is one signal and the time to wait after it, which is 0 after a final
// KILL.
type StopStep struct {
	Signal syscall.Signal
	Wait   time.Duration
}

// StopScope says what is stopped with a process.
type StopScope int

// The scopes of stop_scope=.
const (
	ScopeDefault StopScope = iota // as stopasgroup and killasgroup say
	ScopeLeader                   // only the process itself
	ScopeGroup                    // its process group
	ScopeTree                     // all its descendants
	ScopeCgroup                   // everything in its own control group
)

// String returns the word in the configuration, "" for the default.
func (s StopScope) String() string { return [...]string{"", "leader", "group", "tree", "cgroup"}[s] }

// Leftovers says what to do with descendants that still run after a stop.
type Leftovers int

// The values of leftovers=.
const (
	LeftoversReport Leftovers = iota
	LeftoversKill
	LeftoversIgnore
)

// RestartPolicy says when a process that has exited by itself is restarted.
type RestartPolicy struct {
	Delay         time.Duration // before the first restart; 0 for Supervisor's rules
	BackoffFactor float64       // by which the delay grows with each restart in a row, at least 1
	Max           time.Duration // of the delay, option.Forever for none
	Jitter        float64       // share of the delay by which it varies at random, 0 to 1
	Limit         int           // restarts within Window, 0 for no limit
	Window        time.Duration
	LimitAction   LimitAction
}

// HasDelay reports whether the policy sets a delay of its own.
func (r *RestartPolicy) HasDelay() bool { return r.Delay > 0 || r.BackoffFactor > 1 }

// LimitAction is what happens when the limit of restarts is reached.
type LimitAction int

// The values of restart_limit_action=.
const (
	LimitFatal     LimitAction = iota
	LimitStopGroup             // the group is stopped too
	LimitExit                  // supervisord exits
)

// Rolling says how a rolling restart restarts the processes of a program.
type Rolling struct {
	Batch        option.Share  // restarted at a time
	Surge        int           // additional ones that run during the restart
	Pause        time.Duration // between two batches
	DrainTimeout time.Duration // for a process to stop; 0 for the usual time
}

// EnvFile is a file of environment variables.
type EnvFile struct {
	Path     string // absolute
	Optional bool   // it need not exist
}

// Hooks are commands that run around starts and stops, "" for none.
type Hooks struct {
	PreStart, PostStart, PreStop, PostStop string
	Timeout                                time.Duration // of each; option.Forever for none
}

// Refresh says how to make a process read its own configuration again.
type Refresh struct {
	Signal  syscall.Signal // 0 for none
	Command string         // instead of a signal, "" for none
	Check   string         // command that must succeed first, "" for none
}
