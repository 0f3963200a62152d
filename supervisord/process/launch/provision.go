package launch

import (
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
)

// Provision is what a provider adds to one spawn, beside the configuration.
type Provision struct {
	Env   []string     // NAME=value; overrides the daemon's, and environment= overrides it
	Files []spawn.File // further descriptors of the child
	// ListenPID asks for LISTEN_PID, see spawn.Spec.
	ListenPID bool
	// WatchdogPID asks for WATCHDOG_PID, see spawn.Spec.
	WatchdogPID bool
	// OnOutput gets what the child writes to "stdout" or "stderr", besides the log;
	// nil for nothing. Each channel calls it from a goroutine of its own. With
	// redirect_stderr everything is stdout.
	OnOutput func(channel string, data []byte)
	// Release is called once the child has been spawned, or could not be: what was
	// only there to be passed on can be closed. nil for nothing to do.
	Release func()
}

// AddTo adds a provision to the spec of the child. The environment is not touched:
// it has been composed before.
func (one *Provision) AddTo(s *spawn.Spec) {
	s.Files = append(s.Files, one.Files...)
	s.ListenPID, s.WatchdogPID = s.ListenPID || one.ListenPID, s.WatchdogPID || one.WatchdogPID
	s.Stdout, s.Stderr = one.tee("stdout", s.Stdout), one.tee("stderr", s.Stderr)
}

func (one *Provision) tee(channel string, log output.Sink) output.Sink {
	if one.OnOutput == nil || log == nil {
		return log
	}
	onOutput := one.OnOutput
	return Tee(log, func(data []byte) { onOutput(channel, data) })
}

// ReleaseAll releases provisions.
func ReleaseAll(all []Provision) {
	for _, one := range all {
		if one.Release != nil {
			one.Release()
		}
	}
}

// Tee returns an output that passes everything on to log and then, as the child
// wrote it, to onOutput: only the log strips escape sequences.
func Tee(log output.Sink, onOutput func(data []byte)) output.Sink {
	return teeOutput{log, onOutput}
}

type teeOutput struct {
	log      output.Sink
	onOutput func(data []byte)
}

// Write implements output.Sink.
func (o teeOutput) Write(data []byte) {
	o.log.Write(data)
	o.onOutput(data)
}

// Position implements output.Positioned.
func (o teeOutput) Position() (inode uint64, size int64) {
	if log, ok := o.log.(output.Positioned); ok {
		return log.Position()
	}
	return 0, 0
}

// Resume implements output.Positioned. onOutput is left out: its owner began anew
// after the daemon restarted, and these data are from before.
func (o teeOutput) Resume(data []byte, inode uint64, size int64) {
	if log, ok := o.log.(output.Positioned); ok {
		log.Resume(data, inode, size)
	}
}
