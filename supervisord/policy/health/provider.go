package health

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/notify"
)

// provider gives the children of a process what they report with: a notify socket, a
// pipe, a watcher of their output. It implements process.Provider; the owner of the
// process calls its methods.
type provider struct {
	m    *Monitor
	conf *config.Process
	// watcher watches the output of the current child, nil for none. It is guarded
	// by the monitor's lock.
	watcher *outputWatcher
	// early are messages that the current child sent before Changed was called for
	// it. It is guarded by the monitor's lock.
	early []notify.Received
}

// maxEarly is how many early messages of a child are kept.
const maxEarly = 32

// storeEarly keeps a message for a child that Changed has not been called for yet.
func (m *Monitor) storeEarly(name string, h notify.Received) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.providers[name]; e != nil && len(e.early) < maxEarly {
		e.early = append(e.early, h)
	}
}

// takeEarly returns the early messages and forgets them.
func (e *provider) takeEarly() []notify.Received {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	early := e.early
	e.early = nil
	return early
}

// Provider returns the provider of a process, nil if its children report nothing by
// themselves. See supervisor.Provide.
func (m *Monitor) Provider(c *config.Process) process.Provider {
	if !c.Ready.Kind.SelfReported() && c.Health.Kind != config.NotifyProbe {
		return nil
	}
	e := &provider{m: m, conf: c}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.providers[namespec.Join(c.Group, c.Name)] = e
	return e
}

func (m *Monitor) providerOf(name string) *provider {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.providers[name]
}

func (e *provider) name() string { return namespec.Join(e.conf.Group, e.conf.Name) }

// The variables of sd_notify.
const (
	socketVar   = "NOTIFY_SOCKET"
	watchdogVar = "WATCHDOG_USEC"
)

// Provide implements process.Provider.
func (e *provider) Provide() (process.Provision, error) {
	var p process.Provision
	e.takeEarly() // of the child before
	notifies := e.conf.Ready.Kind == config.NotifyProbe || e.conf.Health.Kind == config.NotifyProbe
	if notifies {
		path, err := e.m.receiver.Listen(socketName(e.name()), e.uid())
		if err != nil {
			return p, err
		}
		p.Env = append(p.Env, socketVar+"="+path)
	}
	if h := &e.conf.Health; h.Kind == config.NotifyProbe && h.Interval < option.Forever {
		p.Env = append(p.Env, watchdogVar+"="+strconv.FormatInt(int64(h.Interval/time.Microsecond), 10))
		p.WatchdogPID = true
	}
	switch e.conf.Ready.Kind {
	case config.FDProbe:
		file, err := e.m.receiver.Pipe(pipeName(e.name()))
		if err != nil {
			return p, fmt.Errorf("make the pipe for descriptor %d: %w", e.conf.Ready.FD, err)
		}
		p.Files = []spawn.File{{FD: e.conf.Ready.FD, File: file}}
		p.Release = func() { file.Close() }
	case config.LogProbe:
		p.OnOutput = e.watchOutput()
	case config.NoProbe, config.HTTPProbe, config.TCPProbe, config.UnixProbe, config.FCGIProbe, config.ExecProbe,
		config.NotifyProbe, config.FileProbe:
	}
	return p, nil
}

// uid is the user that may send to the socket.
func (e *provider) uid() int {
	if e.conf.UID != nil {
		return *e.conf.UID
	}
	return os.Geteuid()
}

// ProvideAdopted implements process.AdoptProvider for a child of an earlier daemon.
// It opens again, as far as possible, what that daemon has not handed over.
func (e *provider) ProvideAdopted(saved *machine.Status) func(channel string, data []byte) {
	receiver, name := e.m.receiver, e.name()
	if e.conf.Ready.Kind == config.NotifyProbe || e.conf.Health.Kind == config.NotifyProbe {
		if socket := socketName(name); !receiver.Has(socket) {
			if _, err := receiver.Listen(socket, e.uid()); err != nil {
				e.m.Log.Warn(fmt.Sprintf("what %s says of itself can't be heard any more: %v", name, err))
			}
		}
	}
	if saved.Ready {
		return nil
	}
	switch e.conf.Ready.Kind {
	case config.FDProbe:
		if pipe := pipeName(name); !receiver.Has(pipe) {
			e.reopenPipe(pipe, saved.PID)
		}
	case config.LogProbe:
		return e.watchOutput()
	case config.NoProbe, config.HTTPProbe, config.TCPProbe, config.UnixProbe, config.FCGIProbe, config.ExecProbe,
		config.NotifyProbe, config.FileProbe:
	}
	return nil
}

// reopenPipe opens the pipe of a child again. A child that has closed its end is
// ready: it writes its line before it closes.
func (e *provider) reopenPipe(pipe string, pid int) {
	if err := e.m.receiver.ReopenPipe(pipe, pid, e.conf.Ready.FD); err != nil {
		e.m.Log.Info(fmt.Sprintf("%s is taken for ready, as it has closed descriptor %d while there was no supervisord", e.name(), e.conf.Ready.FD))
		l := &outputWatcher{}
		l.matched.Store(true)
		e.m.mu.Lock()
		e.watcher = l
		e.m.mu.Unlock()
	}
}

// watchOutput starts to look for the line that reports readiness.
func (e *provider) watchOutput() func(channel string, data []byte) {
	l := &outputWatcher{pattern: e.conf.Ready.Pattern, onMatch: func() { e.m.reportMatch(e.name()) }}
	e.m.mu.Lock()
	e.watcher = l
	e.m.mu.Unlock()
	return l.receive
}

// outputMatched reports whether the output of the current child has matched.
func (e *provider) outputMatched() bool {
	e.m.mu.Lock()
	l := e.watcher
	e.m.mu.Unlock()
	return l != nil && l.matched.Load()
}

// outputWatcher looks for a line in the output of one child.
type outputWatcher struct {
	pattern *regexp.Regexp
	onMatch func() // called once, at the first match
	matched atomic.Bool

	// Each belongs to the goroutine that reads that output:
	stdout, stderr lineBuffer
}

// lineBuffer is the beginning of an incomplete line.
type lineBuffer struct {
	text []byte
	skip bool // up to the next newline: the line is too long
}

// maxLine is how much of a line is matched, in bytes.
const maxLine = 8 << 10

func (l *outputWatcher) receive(channel string, data []byte) {
	if l.matched.Load() {
		return
	}
	to := &l.stdout
	if channel == "stderr" {
		to = &l.stderr
	}
	if to.add(data, l.matches) && !l.matched.Swap(true) {
		to.text = nil
		l.onMatch()
	}
}

// add reports whether one of the lines that data completes matches. Of a line that is
// too long only the beginning is matched.
func (t *lineBuffer) add(data []byte, matches func([]byte) bool) bool {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		part, whole := data, false
		if end >= 0 {
			part, data, whole = data[:end], data[end+1:], true
		} else {
			data = nil
		}
		if !t.skip {
			t.text = append(t.text, part[:min(len(part), maxLine-len(t.text))]...)
			if t.skip = len(t.text) == maxLine; t.skip || whole {
				if matches(t.text) {
					return true
				}
			}
		}
		if whole {
			t.text, t.skip = t.text[:0], false
		}
	}
	return false
}

// escapes are the control sequences that set colours on terminals.
var escapes = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]")

func (l *outputWatcher) matches(text []byte) bool {
	if bytes.IndexByte(text, '\x1b') < 0 {
		return l.pattern.Match(text)
	}
	return l.pattern.Match(escapes.ReplaceAll(text, nil))
}
