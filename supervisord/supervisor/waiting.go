package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// hold is a process that is to be started once everything that it waits for is
// there. It belongs to Run.
type hold struct {
	process   *process.Process
	place     int       // among all that have ever been held
	began     time.Time // to wait
	deadline  time.Time // zero for never
	petitions []petition
	stays     bool    // it is to be started even if nobody asks for it any more
	by        string  // who wants it to be started, "" for an operator
	brought   []*hold // what waits only because this does
	outside   *outside
}

// petition is a request for a start that is answered when its outcome is known.
type petition struct {
	name   string // as the caller called the process
	answer func(error)
}

// news is what happened to processes since Run last looked.
type news struct {
	bell chan struct{} // rung after a change

	mu   sync.Mutex
	seen map[*process.Process]*process.Status
	left map[*process.Process]conditions // that held, and then did not
}

// conditions is a set of them.
type conditions uint8

func setOf(c config.Condition) conditions { return 1 << c }

// ring has Run look at those who wait.
func (n *news) ring() {
	select {
	case n.bell <- struct{}{}:
	default:
	}
}

// notice takes note of a change of status. Two changes may come before Run looks
// once, so that what it must not miss is kept here.
func (s *Supervisor) notice(p *process.Process) {
	if !s.isRelated.Load() {
		return
	}
	s.news.take(p, p.Status)
	s.news.ring()
}

// take compares the status with the one that was seen last. It is asked for under
// the lock: the owner of the process and watch may both be here, and who read an
// older one before must not come after who read a newer one.
func (n *news) take(p *process.Process, status func() *process.Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p.IsOver() { // nobody asks any more where it is
		delete(n.seen, p)
		return
	}
	st := status()
	if old := n.seen[p]; old != nil {
		for c := config.ConditionReady; c <= config.ConditionReadyOrSuccess; c++ {
			if isUp(c, p, old) && (!isUp(c, p, st) || !st.Started.Equal(old.Started)) {
				n.left[p] |= setOf(c)
			}
		}
	}
	n.seen[p] = st
}

// relate has changes noticed from now on if a process wants it.
func (s *Supervisor) relate(c *config.Process) {
	if len(c.DependsOn)+len(c.WaitFor) > 0 {
		s.watch()
	}
}

// watch has changes noticed from now on.
func (s *Supervisor) watch() {
	if s.isRelated.Swap(true) {
		return
	}
	for _, g := range s.list() {
		for _, p := range g.Processes {
			s.notice(p)
		}
	}
}

// remember has what happened while there was no daemon be noticed too: who was up
// when the last one saw it, and is not any more, has left.
func (s *Supervisor) remember(estates map[*process.Process]*Estate) {
	s.news.mu.Lock()
	defer s.news.mu.Unlock()
	for p, e := range estates {
		s.news.seen[p] = &e.Past
	}
}

// takeLosses returns which conditions have ended, by process, in the order of
// their names.
func (s *Supervisor) takeLosses() (list []*process.Process, left map[*process.Process]conditions) {
	s.news.mu.Lock()
	defer s.news.mu.Unlock()
	if len(s.news.left) == 0 {
		return nil, nil
	}
	left, s.news.left = s.news.left, make(map[*process.Process]conditions)
	for p := range left {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *process.Process) int { return strings.Compare(a.FullName(), b.FullName()) })
	return list, left
}

// mustWait tells whether a process that starts by itself can't do so yet.
func (s *Supervisor) mustWait(p *process.Process) bool {
	st := p.Status()
	switch {
	case st.Waiting != "" && st.State == states.Stopping: // an earlier daemon has left it so
		return true
	case st.Waiting != "" && s.held[p] != nil: // whoever has asked for its start is to be answered
		return true
	case !s.isRelated.Load():
		return false
	}
	isNew := st.State == states.Stopped && st.Started.IsZero() && !st.Declined
	if !isNew && st.Waiting == "" {
		return false
	}
	return len(p.Current().WaitFor) > 0 || len(s.lacks(p, nil)) > 0
}

// lacks returns what a process waits for, without hope or not.
func (s *Supervisor) lacks(p *process.Process, o *outside) []*lack {
	var list []*lack
	r := s.related()
	for _, n := range r.of[p] {
		if l := r.lack(n); l != nil {
			list = append(list, l)
		}
	}
	return append(list, o.lacks()...)
}

func inWords(lacks []*lack) string {
	names := make([]string, len(lacks))
	for i, l := range lacks {
		names[i] = l.what
	}
	return strings.Join(slices.Compact(names), ", ")
}

// hold has a process wait, unless it does already.
func (s *Supervisor) hold(ctx context.Context, p *process.Process) *hold {
	if h := s.held[p]; h != nil {
		st := p.Status()
		if st.Waiting != "" {
			return h
		}
		s.drop(h, notByUs(p, st)) // that is over, and has not been looked at yet
	}
	s.watch() // what it waits for may be no more than its own end
	s.places++
	h := &hold{process: p, place: s.places, began: time.Now()}
	if patience := p.Current().DependsTimeout; patience > 0 && patience != config.Forever {
		h.deadline = h.began.Add(patience)
	}
	h.outside = s.lookOutside(ctx, p)
	s.held[p] = h
	text := inWords(s.lacks(p, h.outside))
	if text == "" { // it has come this very moment
		text = "its turn"
	}
	p.Delay(text)
	s.news.ring()
	return h
}

// drop lets go of a process that waits no more, and answers those who have asked
// for its start.
func (s *Supervisor) drop(h *hold, err error) {
	delete(s.held, h.process)
	h.outside.end()
	for _, q := range h.petitions {
		q.answer(err)
	}
	h.petitions = nil
}

// abandon calls a start off that nobody wants any more, and those that were to
// make it possible.
func (s *Supervisor) abandon(h *hold, err error) {
	h.process.Delay("")
	s.abandonBrought(h)
	s.drop(h, err)
}

// retire forgets the start of a process that is taken out of use.
func (s *Supervisor) retire(p *process.Process) {
	s.queue = slices.DeleteFunc(s.queue, func(q *process.Process) bool { return q == p })
	if h := s.held[p]; h != nil {
		s.abandonBrought(h)
		s.drop(h, faults.New(faults.BadName, p.FullName()))
	}
}

// abandonBrought calls those starts off that nobody wants but one that waits.
func (s *Supervisor) abandonBrought(h *hold) {
	for _, b := range h.brought {
		if s.held[b.process] == b && !b.stays && len(b.petitions) == 0 {
			s.abandon(b, nil)
		}
	}
}

// review looks at all who wait, after something has happened.
func (s *Supervisor) review(ctx context.Context) {
	if s.Mood() != states.DaemonRunning {
		return
	}
	lost, left := s.takeLosses()
	for _, p := range lost {
		for _, n := range s.related().by[p] {
			if n.Together && left[p]&setOf(n.Condition) != 0 {
				s.takeAlong(ctx, n, p)
			}
		}
	}
	all := make([]*hold, 0, len(s.held))
	for _, h := range s.held {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *hold) int {
		return cmp.Or(
			cmp.Compare(s.groupPriority(a.process), s.groupPriority(b.process)),
			cmp.Compare(a.process.Current().Priority, b.process.Current().Priority),
			cmp.Compare(a.place, b.place))
	})
	for _, h := range all {
		if s.held[h.process] == h { // another one may have been given up
			s.consider(ctx, h)
		}
	}
	if len(s.queue) == 0 {
		s.endRound()
	}
	s.setPatience()
}

func (s *Supervisor) groupPriority(p *process.Process) int {
	if g := s.find(p.Config.Group); g != nil {
		return g.Config.Priority
	}
	return 0
}

// setPatience has Run look again when the next deadline comes. One that is over
// already is that of a process which has to stop first, and that will be news.
func (s *Supervisor) setPatience() {
	var first time.Time
	now := time.Now()
	for _, h := range s.held {
		if h.deadline.After(now) && (first.IsZero() || h.deadline.Before(first)) {
			first = h.deadline
		}
	}
	if first.IsZero() {
		s.patience.Stop()
		return
	}
	s.patience.Reset(time.Until(first))
}

// consider starts a process if nothing is in its way any more, and otherwise has
// it say what is.
func (s *Supervisor) consider(ctx context.Context, h *hold) {
	p := h.process
	st := p.Status()
	switch {
	case st.Waiting == "": // somebody else has started it, or called the start off
		s.drop(h, notByUs(p, st))
		return
	case st.State == states.Stopping: // first it has to
		return
	}
	lacks := s.lacks(p, h.outside)
	late := !h.deadline.IsZero() && !time.Now().Before(h.deadline)
	var missing []*lack // without which it is not started
	for _, l := range lacks {
		if l.hard || !l.hopeless && !late {
			missing = append(missing, l)
		}
	}
	switch {
	case len(missing) == 0:
		s.launch(ctx, h)
		return
	case late:
		why := missing[0].overdue + " within " + config.FormatDuration(p.Current().DependsTimeout)
		p.Forsake(why)
		s.drop(h, failure(p, why))
		return
	}
	if i := slices.IndexFunc(missing, func(l *lack) bool { return l.hard && l.hopeless }); i >= 0 && len(h.petitions) > 0 {
		err := failure(p, "it needs "+missing[i].what+", "+missing[i].blame)
		if !h.stays {
			s.abandon(h, err)
			return
		}
		for _, q := range h.petitions {
			q.answer(err)
		}
		h.petitions = nil
	}
	if text := inWords(missing); text != st.Waiting {
		p.Redelay(text)
	}
}

// failure is what is told to who has asked for a start that comes to nothing. A
// client that knows the code only still says what happened to the process.
func failure(p *process.Process, why string) error {
	return faults.New(faults.AbnormalTermination, p.FullName()+": "+why)
}

// notByUs is the answer to who waits for a start that another has made or called
// off, or that the kernel has.
func notByUs(p *process.Process, st *process.Status) error {
	switch {
	case st.State.IsRunning():
		return faults.New(faults.AlreadyStarted, p.FullName())
	case st.State == states.Unknown:
		return failure(p, st.Reason)
	}
	return failure(p, "its start was called off")
}

// launch starts a process that waits for nothing any more.
func (s *Supervisor) launch(ctx context.Context, h *hold) {
	p := h.process
	if len(h.petitions) == 0 {
		s.drop(h, nil)
		s.round = append(s.round, p)
		p.Autostart()
		return
	}
	petitions := h.petitions
	h.petitions = nil
	s.drop(h, nil)
	a := p.StartBy(h.by, petitions[0].name, true)
	s.living.Go(func() {
		err := a.Wait(ctx)
		for _, q := range petitions {
			q.answer(err)
		}
	})
}

// takeAlong stops a process because what it is restarted together with has left.
func (s *Supervisor) takeAlong(ctx context.Context, n *need, gone *process.Process) {
	p := n.from
	switch st := p.Status(); st.State {
	case states.Starting, states.Running, states.Backoff:
		s.Log.Info(fmt.Sprintf("stopping %s, which is restarted together with %s", p.Config.Name, gone.Config.Name))
		if p.StopBy("dependency "+gone.FullName(), p.FullName(), false).Wait(ctx) != nil {
			return
		}
	case states.Exited:
		if !st.Due {
			return
		}
	case states.Stopped, states.Stopping, states.Fatal, states.Unknown:
		return // somebody else's affair
	}
	h := s.hold(ctx, p)
	h.stays, h.by = true, "dependency "+gone.FullName()
}

// endHolds answers all who wait, because nothing is started any more.
func (s *Supervisor) endHolds() {
	for p, h := range s.held {
		p.Delay("")
		s.drop(h, faults.Bare(faults.ShutdownState))
	}
	s.patience.Stop()
}

// unmet tells, for Why, what a process waits for or does without.
func (s *Supervisor) unmet(p *process.Process) []api.Cause {
	if !s.isRelated.Load() {
		return nil
	}
	st := p.Status()
	var causes []api.Cause
	r := s.related()
	for _, n := range r.of[p] {
		l := r.lack(n)
		switch {
		case l == nil:
		case st.Waiting == "":
			if st.State.IsRunning() {
				causes = append(causes, api.Cause{Kind: "dependency", Text: l.what + " does not hold now: " + l.where})
			}
		case !l.hard && l.hopeless:
			causes = append(causes, api.Cause{Kind: "dependency", Text: "does without " + l.what + ": " + l.where})
		case l.hopeless:
			causes = append(causes, api.Cause{Kind: "dependency", Text: "waits for " + l.what + ", which will not come by itself: " + l.where})
		default:
			causes = append(causes, api.Cause{Kind: "dependency", Text: "waits for " + l.what + ": " + l.where})
		}
	}
	if o, ok := s.outsides.Load(p); ok && st.Waiting != "" {
		for _, l := range o.(*outside).lacks() {
			causes = append(causes, api.Cause{Kind: "probe", Text: "waits for " + l.what + ": " + l.where})
		}
	}
	return causes
}
