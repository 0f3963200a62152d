package process

import (
	"strconv"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
)

// Whoever asks a child for its readiness and health does that outside: package
// health. What a process does about the answers is here.

// Vitals is how well a child does, as far as the configuration asks for that.
type Vitals struct {
	Ready    bool      // ready= has succeeded
	NotYet   string    // why it has not, "" for nothing known
	ReadyBy  time.Time // when its start has failed unless it has; zero for never or not asked for
	Late     bool      // it has not, and the child is being ended; the state is STARTING
	Unheard  bool      // it may have told that it is ready while no daemon listened
	Health   Verdict
	Ill      string    // what the last probe for health came to, "" for a success
	VitalsAt time.Time // when Ready or Health last changed
}

// Verdict is what is known of the health of a running child.
type Verdict string

// The verdicts.
const (
	NoVerdict Verdict = "" // it is not asked for, or there is no answer yet
	Healthy   Verdict = "healthy"
	Unhealthy Verdict = "unhealthy"
)

// mostExtension is the longest time that a program may ask for at once. Who
// means for ever says so in the configuration.
const mostExtension = 24 * time.Hour

// afterCrash is the least time that a child has to become ready after its
// daemon was gone: who asks it begins anew.
const afterCrash = 10 * time.Second

// awaitsReady tells whether a start is not complete before ready= has succeeded.
func (m *machine) awaitsReady() bool { return m.conf.Ready.Kind != config.NoProbe && !m.Ready }

// isAbout tells whether an input is about the child that there is: who asks may
// be slow.
func (m *machine) isAbout(in input) bool { return m.PID != 0 && m.PID == in.pid }

// await gives a newborn its time to become ready.
func (m *machine) await(now time.Time) {
	limit := m.conf.Ready.Timeout
	if limit >= config.Forever {
		m.ReadyBy = time.Time{}
		m.do(disarm{})
		return
	}
	m.ReadyBy = now.Add(limit)
	m.do(arm{limit})
}

// ripen is a timer in STARTING.
func ripen(m *machine, now time.Time, in input) {
	switch {
	case m.Late:
		press(m, now, in)
	case !m.awaitsReady():
		settle(m, now, in)
	case m.ReadyBy.After(now): // it has been put off
		m.do(arm{m.ReadyBy.Sub(now)})
	case m.PID != 0 && m.Unheard:
		m.believe(now, in)
	case m.PID != 0:
		m.late()
	}
}

// believe takes a child for ready that has not been heard to say so: it says that
// once, and may have done so while there was no daemon.
func (m *machine) believe(now time.Time, in input) {
	m.say(logs.LevelWarn, "taken for ready: %s (%d) has not said so since it was adopted, but may have before", m.conf.Name, m.PID)
	m.Ready, m.NotYet, m.VitalsAt = true, "", now
	settle(m, now, in)
}

// late ends a child that has not become ready in time, as a stop would. The
// state stays STARTING: its end is one of a start that has failed.
func (m *machine) late() {
	m.Late = true
	m.Reason = m.notReady() + "; being stopped"
	m.say(logs.LevelWarn, "stopping: %s (%d): %s", m.conf.Name, m.PID, m.notReady())
	m.ask()
}

// notReady is the spawn error of a child that has not become ready in time.
func (m *machine) notReady() string {
	text := "not ready within " + secondsInWords(m.ReadyBy.Sub(m.Started))
	if m.NotYet != "" {
		text += " (" + m.NotYet + ")"
	}
	return text
}

// secondsInWords is a duration as the configuration would have it.
func secondsInWords(d time.Duration) string {
	n := strconv.FormatFloat(nearest(d, 100*time.Millisecond).Seconds(), 'f', -1, 64)
	if n == "1" {
		return "1 second"
	}
	return n + " seconds"
}

// succeeded is the first success of ready=.
func succeeded(m *machine, now time.Time, in input) {
	if !m.isAbout(in) || m.Ready || m.Late {
		return
	}
	m.Ready, m.NotYet, m.VitalsAt = true, "", now
	if left := seconds(m.conf.StartSecs) - now.Sub(m.Started); left > 0 {
		m.do(arm{left})
		return
	}
	settle(m, now, in)
}

// affirmed is the same for a child that had been RUNNING already when this
// daemon got it.
func affirmed(m *machine, now time.Time, in input) {
	if m.isAbout(in) && !m.Ready {
		m.Ready, m.NotYet, m.VitalsAt = true, "", now
	}
}

// keptWaiting is a failure of ready=.
func keptWaiting(m *machine, _ time.Time, in input) {
	if m.isAbout(in) && m.awaitsReady() && !m.Late {
		m.NotYet = in.text
	}
}

// putOff gives a child that says that it needs more time to start that time,
// from now on.
func putOff(m *machine, now time.Time, in input) {
	by := now.Add(min(in.after, mostExtension))
	if !m.isAbout(in) || !m.awaitsReady() || m.Late || m.ReadyBy.IsZero() || !by.After(m.ReadyBy) {
		return
	}
	m.ReadyBy, m.Unheard = by, false // who asks for time is not ready yet
	m.do(arm{by.Sub(now)})
}

// prolong is the same for one that is to end. The timer goes off no sooner than
// it would have.
func prolong(m *machine, now time.Time, in input) {
	by := now.Add(min(in.after, mostExtension))
	if m.isAbout(in) && !m.Deadline.IsZero() && by.After(m.Deadline) {
		m.do(arm{by.Sub(now)})
	}
}

// judged is what a probe for health has come to.
func judged(m *machine, now time.Time, in input) {
	if !m.isAbout(in) {
		return
	}
	if in.health != m.Health {
		m.VitalsAt = now
	}
	m.Health, m.Ill = in.health, in.text
}

// renew replaces an unhealthy child: it is stopped, and started when it has ended.
func renew(m *machine, now time.Time, in input) {
	if !m.isAbout(in) {
		return
	}
	m.ending = "it was unhealthy (" + in.cause + ")"
	terminate(m, now, in)
	m.Reason += ": " + in.cause
	m.Again, m.AgainBy = true, in.by
}

// stopInstead is a stop request while STOPPING. It is refused, as ever, unless
// the process was to be started again without anybody's having asked for it.
func stopInstead(m *machine, now time.Time, in input) {
	if !m.Again || m.AgainBy == "" {
		decline(m, now, in)
		return
	}
	m.Again, m.AgainBy = false, ""
	m.Reason = beingStopped + who(in)
}

// reckon goes by another configuration in the middle of a start.
func reckon(m *machine, now time.Time, in input) {
	switch {
	case m.PID == 0 || m.Late:
	case m.awaitsReady() && m.conf.Ready.Timeout >= config.Forever:
		m.await(now)
	case m.awaitsReady() && m.Unheard:
		m.await(now)
	case m.awaitsReady():
		m.ReadyBy = m.Started.Add(m.conf.Ready.Timeout)
		m.do(arm{max(m.ReadyBy.Sub(now), 0)})
	default:
		m.do(arm{max(seconds(m.conf.StartSecs)-now.Sub(m.Started), 0)})
	}
}

// resume goes on with the start of an adopted child. Whatever has a timer has
// what is left of its time; but a child that says by itself that it is ready, and
// may have said it to nobody, has all of it again.
func (m *machine) resume(now time.Time, in input) {
	switch {
	case m.Late:
		m.do(arm{max(m.Deadline.Sub(now), 0)})
	case !m.awaitsReady():
		m.do(arm{max(seconds(m.conf.StartSecs)-now.Sub(m.Started), 0)})
	case !in.handed && m.conf.Ready.Kind.TellsItself():
		m.Unheard = true
		m.await(now)
	case m.ReadyBy.IsZero():
		m.await(now)
	default:
		left := m.ReadyBy.Sub(now)
		if !in.handed && left < afterCrash {
			left = afterCrash
			m.ReadyBy = now.Add(left)
		}
		m.do(arm{max(left, 0)})
	}
}

// doubt forgets, after a crash, what nobody knows any more: whether what has
// been asked for would still get the same answer. What a child has said holds, and
// so does the readiness of who was RUNNING, which is never taken back.
func (m *machine) doubt() {
	switch m.conf.Ready.Kind {
	case config.NotifyProbe, config.FDProbe, config.LogProbe:
	default:
		if m.State == states.Running {
			break
		}
		m.Ready, m.NotYet = false, ""
	}
	m.Health, m.Ill = NoVerdict, ""
}

// whyYoung words why an end while STARTING is a failure.
func (m *machine) whyYoung(now time.Time, e spawn.Exit) (spawnErr, ending string) {
	switch {
	case m.Late:
		return m.notReady(), m.notReady()
	case now.Sub(m.Started) >= seconds(m.conf.StartSecs):
		return "Exited before it was ready (process log may have details)", e.String() + " came before it was ready"
	}
	return "Exited too quickly (process log may have details)", e.String() + " came sooner than startsecs allows"
}

// Ready tells that ready= has succeeded for the child of that pid. Of another
// child it means nothing, as the following don't.
func (p *Process) Ready(pid int) { p.request(&request{in: input{kind: readied, pid: pid}}) }

// NotReady tells why ready= has not succeeded.
func (p *Process) NotReady(pid int, why string) {
	p.request(&request{in: input{kind: unready, pid: pid, text: why}})
}

// Extend gives a child more time from now on, for its start or for its end,
// whichever is under way.
func (p *Process) Extend(pid int, by time.Duration) {
	p.request(&request{in: input{kind: extended, pid: pid, after: by}})
}

// Judge tells of a child's health, and what the last probe has come to, "" for
// a success. It has no consequences.
func (p *Process) Judge(pid int, v Verdict, ill string) {
	p.request(&request{in: input{kind: examined, pid: pid, health: v, text: ill}})
}

// Renew stops the unhealthy child of that pid, for whatever cause tells, and has
// another one started when it has ended, if restart_limit allows that. A stop
// request that comes meanwhile prevails.
func (p *Process) Renew(pid int, cause string) {
	p.request(&request{in: input{kind: renewed, pid: pid, by: Health, cause: cause}})
}
