package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process"
	"supervisor/supervisord/spawn"
)

// subject is a process that is watched. All of it belongs to Run, but for the
// errands.
type subject struct {
	m   *Monitor
	p   *process.Process
	ear *ear // nil for none

	pid    int // of the child that is watched, 0 for none
	state  states.Process
	ready  bool
	late   bool
	ctx    context.Context // ends with the child
	cancel context.CancelFunc

	appointments [numPurposes]appointment
	asking       [numPurposes]bool
	delay        time.Duration // until readiness is asked for again
	failures     int           // of health, in a row
	since        time.Time     // the first of them
	alive        time.Time     // when it last said so, or could have begun to
	note         Note
	last         Legacy // of the child, once Run has ended

	errands errands
}

// answer is what a probe has come to.
type answer struct {
	of   *subject
	pid  int
	what purpose
	err  error
}

const (
	// promptness is how soon readiness is asked for first, and how much later
	// then, until ready_interval is reached: most programs take either no time
	// worth speaking of or a long one.
	promptness = 50 * time.Millisecond
	// usualTimeout is what a probe for readiness may take where nothing else is said.
	usualTimeout = 2 * time.Second
)

// look sees what has become of a process.
func (m *Monitor) look(ctx context.Context, p *process.Process) {
	s := m.subjects[p]
	if p.IsOver() || !asksFor(p.Current()) {
		if s != nil {
			m.forget(s)
		}
		return
	}
	if s == nil {
		s = &subject{m: m, p: p, ear: m.ear(p.FullName())}
		for i := range s.appointments {
			s.appointments[i] = appointment{of: s, what: purpose(i), index: -1}
		}
		m.subjects[p], m.byName[p.FullName()] = s, s
	}
	s.look(ctx, p.Status())
}

// forget ends the part in a process that is no more, or that nothing is asked for.
func (m *Monitor) forget(s *subject) {
	s.leave()
	delete(m.subjects, s.p)
	name := s.p.FullName()
	if m.byName[name] != s {
		return // another process has the name
	}
	delete(m.byName, name)
	if s.p.IsOver() && m.dropEar(name, s.ear) {
		m.hub.Close(socketName(name))
		m.hub.Close(pipeName(name))
	}
}

// dropEar forgets the ear of a process, unless another process of that name, of
// which there is no news yet, has one by now.
func (m *Monitor) dropEar(name string, e *ear) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ears[name] != e {
		return false
	}
	delete(m.ears, name)
	return true
}

// conf is the configuration that holds now.
func (s *subject) conf() *config.Process { return s.p.Current() }

func (s *subject) look(ctx context.Context, st *process.Status) {
	if st.PID != s.pid {
		s.leave()
		if st.PID != 0 {
			s.meetChild(ctx, st)
		}
	}
	s.state, s.ready, s.late = st.State, st.Ready, st.Late
	now := time.Now()
	s.see(forReadiness, s.wantsReadiness(), now)
	s.see(forHealth, s.wantsHealth(), now)
	if s.pid != 0 {
		s.m.heardAll(s)
	}
}

// meetChild begins with a child.
func (s *subject) meetChild(ctx context.Context, st *process.Status) {
	s.pid = st.PID
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.delay = promptness
	s.alive = time.Now()
	if past, ok := s.m.inherit(s.p.FullName()); ok && past.PID == s.pid {
		s.note, s.failures = past.Note, past.Failures
		if s.failures > 0 {
			s.since = s.alive
		}
		s.publish()
	}
	if st.State == states.Starting && !st.Ready && st.NotYet == "" {
		if text := firstWords(s.conf().Ready.Probe); text != "" {
			s.send(func() { s.p.NotReady(st.PID, text) })
		}
	}
}

// firstWords say what a child that tells by itself has not told yet.
func firstWords(p config.Probe) string {
	switch p.Kind {
	case config.NotifyProbe:
		return "it has not said READY=1 yet"
	case config.FDProbe:
		return fmt.Sprintf("no line on descriptor %d yet", p.FD)
	case config.LogProbe:
		return "no matching line of output yet"
	case config.NoProbe, config.HTTPProbe, config.TCPProbe, config.UnixProbe, config.FCGIProbe, config.ExecProbe, config.FileProbe:
	}
	return ""
}

// leave ends the part in a child.
func (s *subject) leave() {
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	s.last = Legacy{PID: s.pid, Note: s.note, Failures: s.failures}
	for i := range s.appointments {
		s.m.agenda.cancel(&s.appointments[i])
		s.asking[i] = false
	}
	s.pid, s.failures = 0, 0
	if s.note != (Note{}) {
		s.note = Note{}
		s.publish()
	}
}

func (s *subject) wantsReadiness() bool {
	switch s.conf().Ready.Kind {
	case config.NoProbe, config.NotifyProbe, config.FDProbe, config.LogProbe:
		return false
	case config.HTTPProbe, config.TCPProbe, config.UnixProbe, config.FCGIProbe, config.ExecProbe, config.FileProbe:
	}
	return s.pid != 0 && !s.ready && !s.late && (s.state == states.Starting || s.state == states.Running)
}

// wantsHealth leaves a child alone that has said that it is about to end.
func (s *subject) wantsHealth() bool {
	return s.conf().Health.Kind != config.NoProbe && s.pid != 0 && s.state == states.Running && !s.note.Stopping
}

// see makes the first appointment if there is to be one, and cancels all if not.
func (s *subject) see(what purpose, wanted bool, now time.Time) {
	a := &s.appointments[what]
	switch {
	case !wanted:
		s.m.agenda.cancel(a)
	case a.index >= 0 || s.asking[what]:
	case what == forReadiness:
		s.m.agenda.set(a, now.Add(s.spread(promptness)))
	case s.conf().Health.Kind == config.NotifyProbe:
		s.alive = now.Add(capped(s.conf().Health.StartPeriod))
		s.expectLife()
	default:
		h := s.conf().Health
		s.m.agenda.set(a, now.Add(capped(h.StartPeriod)+time.Duration(s.m.Dice()*float64(min(capped(h.Interval), mostSpread)))))
	}
}

// mostSpread is how late a first probe for health comes at most, so that those
// of many programs don't come together.
const mostSpread = time.Minute

// spread is about d.
func (s *subject) spread(d time.Duration) time.Duration {
	return d/2 + time.Duration(s.m.Dice()*float64(d))
}

// capped makes a duration without end one that can be added to a time.
func capped(d time.Duration) time.Duration { return min(d, 10*365*24*time.Hour) }

// meet is the time of an appointment.
func (s *subject) meet(a *appointment, now time.Time) {
	c := s.conf()
	switch {
	case s.pid == 0 || s.asking[a.what]:
	case a.what == forReadiness:
		s.ask(a.what, c.Ready.Probe, cmp.Or(c.Health.Timeout, usualTimeout))
	case c.Health.Kind == config.NotifyProbe:
		s.missed(now)
	default:
		s.m.agenda.set(a, now.Add(capped(c.Health.Interval)))
		s.ask(a.what, c.Health.Probe, cmp.Or(c.Health.Timeout, usualTimeout))
	}
}

// ask has a probe made.
func (s *subject) ask(what purpose, about config.Probe, limit time.Duration) {
	s.asking[what] = true
	m, pid, child := s.m, s.pid, s.ctx
	m.workers.Go(func() {
		ctx, cancel := context.WithTimeout(child, capped(limit))
		defer cancel()
		err := m.Ask(ctx, s.p, about)
		select {
		case m.answers <- answer{s, pid, what, err}:
		case <-m.ended:
		}
	})
}

// take takes an answer.
func (m *Monitor) take(a answer) {
	s := a.of
	if a.pid != s.pid || !s.asking[a.what] || m.subjects[s.p] != s || errors.Is(a.err, context.Canceled) {
		return
	}
	s.asking[a.what] = false
	m.Log.Debug(fmt.Sprintf("probe of %s: %s", s.p.FullName(), words(a.err)))
	now := time.Now()
	switch {
	case a.what == forHealth:
		if !spawn.IsShortage(a.err) { // which is our trouble, and says nothing of the child
			s.judge(a.err, now)
		}
		if next := &s.appointments[forHealth]; next.index < 0 && s.wantsHealth() {
			s.m.agenda.set(next, now) // the probe has taken longer than the interval
		}
	case a.err == nil:
		s.isReady()
	case s.wantsReadiness():
		why := a.err.Error()
		s.send(func() { s.p.NotReady(a.pid, why) })
		s.m.agenda.set(&s.appointments[forReadiness], now.Add(s.nextDelay()))
	}
}

// nextDelay is the time until readiness is asked for again: it grows until it is
// ready_interval.
func (s *subject) nextDelay() time.Duration {
	most := capped(s.conf().Ready.Interval)
	if s.delay >= most {
		return most
	}
	wait := min(s.spread(s.delay), most)
	s.delay *= 2
	return wait
}

func words(err error) string {
	if err == nil {
		return "success"
	}
	return err.Error()
}

// isReady passes on that a child is ready.
func (s *subject) isReady() {
	pid := s.pid
	s.ready = true // until the process says otherwise
	s.send(func() { s.p.Ready(pid) })
}

// judge takes the outcome of one look at the health of a child.
func (s *subject) judge(err error, now time.Time) {
	if !s.wantsHealth() {
		return
	}
	if err == nil {
		s.recovered(now)
		return
	}
	if s.failures == 0 {
		s.since = now
	}
	s.failures++
	s.isIll(err.Error())
}

// recovered is a success.
func (s *subject) recovered(now time.Time) {
	failures, pid := s.failures, s.pid
	s.failures = 0
	if failures >= s.conf().Health.Failures {
		s.m.Log.Info(fmt.Sprintf("healthy: %s (%d) again, after %s", s.p.FullName(), pid, now.Sub(s.since).Round(time.Second)))
	}
	if st := s.p.Status(); failures > 0 || st.Health != process.Healthy || st.Ill != "" {
		s.send(func() { s.p.Judge(pid, process.Healthy, "") })
	}
}

// isIll is a failure, or one too many.
func (s *subject) isIll(why string) {
	h, pid := s.conf().Health, s.pid
	enough := s.failures >= h.Failures
	verdict := s.p.Status().Health
	if enough {
		verdict = process.Unhealthy
	}
	s.send(func() { s.p.Judge(pid, verdict, why) })
	if !enough {
		return
	}
	if s.failures == h.Failures {
		s.m.Log.Log(s.ctx, logs.LevelWarn, fmt.Sprintf("unhealthy: %s (%d): %s (%s); %s",
			s.p.FullName(), pid, why, times(s.failures, "failure"), deed(&h)))
	}
	if s.failures%h.Failures == 0 {
		s.act(&h, why)
	}
}

func times(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss in a row", n, what)
}

// deed says what will be done.
func deed(h *config.Health) string {
	switch h.Action {
	case config.HealthRestart:
		return "it is restarted"
	case config.HealthStop:
		return "it is stopped"
	case config.HealthSignal:
		return "it gets " + signals.Name(h.Signal)
	case config.HealthExit:
		return "supervisord ends"
	case config.HealthNone:
	}
	return "nothing is done"
}

// act does what health_action says. What has not helped is done again after as
// many failures more; a signal may have been meant to be one.
func (s *subject) act(h *config.Health, why string) {
	pid, name, first := s.pid, s.p.FullName(), s.failures == h.Failures
	sig := h.Signal
	switch h.Action {
	case config.HealthRestart:
		s.send(func() { s.p.Renew(pid, why) })
	case config.HealthStop:
		s.send(func() {
			if s.p.Status().PID == pid {
				_ = s.p.StopBy(process.Health, name, false) // it may have ended meanwhile
			}
		})
	case config.HealthSignal:
		s.send(func() {
			if s.p.Status().PID == pid && first {
				_ = s.p.Signal(name, sig) // it may have ended meanwhile
			}
		})
	case config.HealthExit:
		s.m.GiveUp(fmt.Sprintf("%s is unhealthy: %s", name, why), 1)
	case config.HealthNone:
	}
}

// errands are what is to be told to a process, in order. Its owner may be busy,
// so there is a goroutine for that as long as there is something to tell.
type errands struct {
	mu    sync.Mutex
	queue []func()
	last  func() // comes after the queue, nil for nothing
	going bool
}

// send has f called soon.
func (s *subject) send(f func()) {
	s.tell(func(e *errands) { e.queue = append(e.queue, f) })
}

// sendLast has f called when all else has been, in the place of what it was given
// before and was not called yet: a child that says much holds nobody up, and what it
// has said last counts.
func (s *subject) sendLast(f func()) {
	s.tell(func(e *errands) { e.last = f })
}

func (s *subject) tell(enter func(*errands)) {
	e := &s.errands
	e.mu.Lock()
	defer e.mu.Unlock()
	enter(e)
	if !e.going {
		e.going = true
		s.m.workers.Go(e.run)
	}
}

func (e *errands) run() {
	for f := e.next(); f != nil; f = e.next() {
		f()
	}
}

// next returns what is to be called next, nil for nothing: then run ends.
func (e *errands) next() (f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case len(e.queue) > 0:
		f, e.queue = e.queue[0], e.queue[1:]
	case e.last != nil:
		f, e.last = e.last, nil
	default:
		e.going = false
	}
	return f
}
