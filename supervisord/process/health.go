package process

import (
	"time"

	"supervisor/supervisord/process/machine"
)

// Ready tells that ready= has succeeded for the child of that pid. Of another
// child it means nothing, as the following don't.
func (p *Process) Ready(pid int) {
	p.request(&request{in: machine.Input{Kind: machine.BecameReady, PID: pid}})
}

// NotReady tells why ready= has not succeeded.
func (p *Process) NotReady(pid int, why string) {
	p.request(&request{in: machine.Input{Kind: machine.ReadyProbeFailed, PID: pid, Text: why}})
}

// ExtendTimeout gives a child more time from now on, for its start or for its end,
// whichever is under way.
func (p *Process) ExtendTimeout(pid int, by time.Duration) {
	p.request(&request{in: machine.Input{Kind: machine.TimeoutExtended, PID: pid, Extension: by}})
}

// ReportHealth tells of a child's health, and what the last probe has come to, "" for
// a success. It has no consequences.
func (p *Process) ReportHealth(pid int, v HealthStatus, failure string) {
	p.request(&request{in: machine.Input{Kind: machine.HealthReported, PID: pid, Health: v, Text: failure}})
}

// Replace stops the unhealthy child of that pid, for whatever cause tells, and has
// another one started when it has ended, if restart_limit allows that. A stop
// request that comes meanwhile prevails.
func (p *Process) Replace(pid int, cause string) {
	p.request(&request{in: machine.Input{Kind: machine.ReplaceRequested, PID: pid, By: ByHealth, Text: cause}})
}
