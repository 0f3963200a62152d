package process

import (
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
)

// Status is what is known about a process at one moment: what its machine knows,
// and the child itself.
type Status struct {
	machine.Status
	Child         spawn.Child       // nil for none
	ProcessTree   spawn.ProcessTree // the descendants of the child, nil if nothing asks for them
	SignaledEarly bool              // the child has its stop signal already, see SignalEarly
}

// What a caller of Process needs of the machine's words.
type (
	// Hook is a point at which a command of the user runs.
	Hook = machine.Hook
	// HealthStatus is what is known about the health of a running child.
	HealthStatus = machine.HealthStatus
)

// The hooks and the values of HealthStatus.
const (
	NoHook    = machine.NoHook
	PreStart  = machine.PreStart
	PostStart = machine.PostStart
	PreStop   = machine.PreStop
	PostStop  = machine.PostStop

	HealthUnknown = machine.HealthUnknown
	Healthy       = machine.Healthy
	Unhealthy     = machine.Unhealthy
)

// ByHealth is who restarts an unhealthy process. Such a restart counts as an
// automatic one.
const ByHealth = machine.ByHealth
