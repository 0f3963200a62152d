package order

import (
	"fmt"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// IsMet reports whether a process is as far as a condition demands.
func IsMet(c config.Condition, conf *config.Process, st *process.Status) bool {
	succeeded := st.State == states.Exited && conf.Expected(st.ExitStatus)
	switch c {
	case config.ConditionReady:
		return st.State == states.Running
	case config.ConditionStarted: // one that has exited was started too
		return isStarted(st) || st.State == states.Exited
	case config.ConditionSuccess:
		return succeeded
	case config.ConditionReadyOrSuccess:
		return st.State == states.Running || succeeded
	}
	return false
}

func isStarted(st *process.Status) bool {
	return st.State == states.Running || st.State == states.Starting && st.PID != 0
}

// isUp reports whether a condition holds that a process loses when it exits or is
// started again. Unlike IsMet, started does not outlast the process.
func isUp(c config.Condition, conf *config.Process, st *process.Status) bool {
	if c == config.ConditionStarted {
		return isStarted(st)
	}
	return IsMet(c, conf, st)
}

// isUnreachable reports whether a process will not meet a condition unless somebody
// starts it.
func isUnreachable(c config.Condition, conf *config.Process, st *process.Status) bool {
	switch st.State {
	case states.Fatal, states.Unknown:
		return st.WaitingFor == ""
	case states.Exited:
		return !st.StartDue && st.WaitingFor == "" && !IsMet(c, conf, st)
	case states.Stopped:
		willAutostart := conf.Autostart && st.Started.IsZero() && !st.StartCancelled
		return st.WaitingFor == "" && !willAutostart
	case states.Starting, states.Running, states.Backoff, states.Stopping:
	}
	return false
}

// Conditions is a set of conditions.
type Conditions uint8

// Has reports whether a condition is in the set.
func (s Conditions) Has(c config.Condition) bool { return s&(1<<c) != 0 }

// Lost returns the conditions that held with an old status of a process and ended
// before the new one. A restart in between ends them, too.
func Lost(conf *config.Process, old, now *process.Status) (lost Conditions) {
	for c := config.ConditionReady; c <= config.ConditionReadyOrSuccess; c++ {
		if isUp(c, conf, old) && (!isUp(c, conf, now) || !now.Started.Equal(old.Started)) {
			lost |= 1 << c
		}
	}
	return lost
}

// describe says in words where a process is.
func describe(name string, st *process.Status) string {
	text := name + " is " + st.State.String()
	switch {
	case st.WaitingFor != "":
		text += ", waiting for " + st.WaitingFor
	case st.State == states.Exited:
		text += fmt.Sprintf(" with status %d", st.ExitStatus)
	case st.SpawnErr != "" && (st.State == states.Fatal || st.State == states.Backoff):
		text += " (" + st.SpawnErr + ")"
	}
	return text
}

// notMet is what is said about a process that did not meet a condition in time.
func notMet(c config.Condition) string {
	return [...]string{
		config.ConditionReady: "was not ready", config.ConditionStarted: "was not started",
		config.ConditionSuccess: "had not succeeded", config.ConditionReadyOrSuccess: "was not ready",
	}[c]
}
