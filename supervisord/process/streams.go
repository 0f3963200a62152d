package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process/launch"
	"supervisor/supervisord/spawn"
)

// outputs is where the output of the child goes.
type outputs struct {
	stdout, stderr *logs.Stream
	pid            atomic.Int64 // of the child, for log events: output does not pass through Run
	logUsers       int          // how many need the logs open: the child and hooks; belongs to Run
}

// makeStreams makes the streams of both outputs.
func (p *Process) makeStreams() {
	stdout := p.Config.Stdout
	if p.opts.EventListener != nil {
		stdout.Events, stdout.CaptureMaxBytes, stdout.Syslog = false, 0, false
	}
	p.stdout = p.newStream("stdout", p.opts.Stdout, stdout)
	p.stderr = p.newStream("stderr", p.opts.Stderr, p.Config.Stderr)
}

// newStream returns the stream of one output: to its log, to the main log at level
// debug, and to the subscribers of its events.
func (p *Process) newStream(channel, path string, conf config.Log) *logs.Stream {
	o := logs.StreamOptions{
		Process:         p.Config.Name,
		Channel:         channel,
		Path:            path,
		MaxBytes:        conf.MaxBytes,
		Backups:         conf.Backups,
		Syslog:          conf.Syslog,
		StripANSI:       p.opts.StripANSI,
		CaptureMaxBytes: conf.CaptureMaxBytes,
		Captured:        p.publishCapture(channel),
		Report: func(err error) {
			p.opts.Log.Error(fmt.Sprintf("%s log of %s: %v", channel, p.Config.Name, err))
		},
	}
	if conf.Events {
		o.Output = p.publishOutput(channel)
	}
	if p.opts.Log.Enabled(context.Background(), slog.LevelDebug) {
		o.Debug = func(data []byte) {
			p.opts.Log.Debug(fmt.Sprintf("'%s' %s output:\n%s", p.Config.Name, channel, logs.DebugText(data)))
		}
	}
	return logs.NewStream(o)
}

// publishOutput returns what publishes PROCESS_LOG events.
func (p *Process) publishOutput(channel string) func(data []byte) {
	kind := events.ProcessLogStdout
	if channel == "stderr" {
		kind = events.ProcessLogStderr
	}
	return func(data []byte) {
		p.opts.Events.Publish(kind, func() string {
			return events.LogPayload(p.Config.Name, p.Config.Group, int(p.pid.Load()), channel, data)
		})
	}
}

// publishCapture returns what publishes PROCESS_COMMUNICATION events.
func (p *Process) publishCapture(channel string) func(data []byte) {
	kind := events.ProcessCommunicationOut
	if channel == "stderr" {
		kind = events.ProcessCommunicationErr
	}
	return func(data []byte) {
		p.opts.Events.Publish(kind, func() string {
			return events.CommunicationPayload(p.Config.Name, p.Config.Group, int(p.pid.Load()), data)
		})
		p.opts.Log.Debug(fmt.Sprintf("'%s' %s emitted a comm event", p.Config.Name, channel))
	}
}

// setOutputs sets where the output of the next child goes, and the markers of its
// descendants.
func (p *Process) setOutputs(s *spawn.Spec) {
	s.Stdout = p.stdout
	if p.opts.EventListener != nil {
		s.Stdout = launch.Tee(p.stdout, p.opts.EventListener.NewSession())
	}
	if !p.Config.RedirectStderr {
		s.Stderr = p.stderr
	}
	s.OnSpawn = func(c spawn.Child) { p.pid.Store(int64(c.Pid())) }
	p.setMarkers(s)
}

// stderrLog is where stderr is logged.
func (p *Process) stderrLog() *logs.Stream {
	if p.Config.RedirectStderr {
		return p.stdout
	}
	return p.stderr
}

// openLogs opens the logs unless they are open. closeLogs takes it back.
func (p *Process) openLogs() error {
	if p.logUsers == 0 {
		if err := p.stdout.Open(); err != nil {
			return err
		}
		if !p.Config.RedirectStderr {
			if err := p.stderr.Open(); err != nil {
				p.stdout.Close()
				return err
			}
		}
	}
	p.logUsers++
	return nil
}

// closeLogs takes back one openLogs.
func (p *Process) closeLogs() {
	p.logUsers = max(p.logUsers-1, 0)
	p.flushLogs()
	if p.logUsers == 0 {
		p.stdout.Close()
		p.stderr.Close()
	}
}

// flushLogs writes what is held back of the output.
func (p *Process) flushLogs() {
	p.stdout.Flush()
	p.stderr.Flush()
}

// LogFiles returns the log files, "" for none.
func (p *Process) LogFiles() (stdout, stderr string) { return p.opts.Stdout, p.opts.Stderr }

// Stream returns the stream of one output, "stdout" or "stderr".
func (p *Process) Stream(channel string) *logs.Stream {
	if channel == "stderr" {
		return p.stderr
	}
	return p.stdout
}

// ReopenLogs opens the logs again after they were renamed, if they are open.
func (p *Process) ReopenLogs() error {
	return errors.Join(p.stdout.Reopen(), p.stderr.Reopen())
}

// ClearLogs empties both logs.
func (p *Process) ClearLogs() error {
	return errors.Join(p.stdout.Clear(), p.stderr.Clear())
}
