package listener

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/tools/testkit"
)

// rejecter is a listener that answers FAIL to everything as long as it is to.
type rejecter struct {
	member *Member
	given  int
	fails  bool
	say    func([]byte)
}

func (r *rejecter) answer() {
	word := "OK"
	if r.fails {
		word = "FAIL"
	}
	r.say([]byte("RESULT " + map[string]string{"OK": "2", "FAIL": "4"}[word] + "\n" + word + "READY\n"))
}

// TestRejectionsArePaced has a listener reject everything for an hour.
func TestRejectionsArePaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log testkit.Log
		conf := &config.Group{Name: "pool", Kind: config.EventListener, BufferSize: 10, Events: []string{"TICK"}}
		p := New(conf, "id", log.Logger(), nil)
		r := &rejecter{member: p.Member("a"), fails: true}
		r.say = r.member.Expect()
		answers := make(chan struct{}, 1000)
		r.member.Meet(func([]byte) error { r.given++; answers <- struct{}{}; return nil })
		r.member.Change(states.Running, func() {})
		r.say([]byte("READY\n"))
		done := make(chan struct{})
		go func() {
			for range answers {
				r.answer()
			}
			close(done)
		}()
		p.Accept(events.Event{Type: "TICK", Payload: "x"})
		time.Sleep(time.Hour)
		synctest.Wait()
		if r.given < 20 || r.given > 200 {
			t.Errorf("the event was sent %d times in an hour", r.given)
		}
		if got := strings.Count(log.String(), "rejected"); got < 4 || got > 8 {
			t.Errorf("%d lines about rejections:\n%s", got, log.String())
		}
		p.mu.Lock()
		if len(p.queue) != 1 || p.queue[0].Payload != "x" {
			t.Errorf("the event is not kept: %v", p.queue)
		}
		r.fails = false
		p.mu.Unlock()
		time.Sleep(longestPause)
		synctest.Wait()
		if r.member.rejection.count != 0 || len(p.queue) != 0 {
			t.Errorf("after OK: %+v, %v", r.member.rejection, p.queue)
		}
		// From now on answers come at once again, and an end of the child ends a pause.
		r.fails = true
		p.Accept(events.Event{Type: "TICK", Payload: "y"})
		synctest.Wait()
		if r.member.rejection.count != patientFor+1 {
			t.Errorf("after OK: %d rejections at once", r.member.rejection.count)
		}
		r.member.Change(states.Exited, func() {})
		if r.member.rejection.pause != nil || len(p.queue) != 1 {
			t.Errorf("after its end: %+v, %v", r.member.rejection, p.queue)
		}
		close(answers)
		<-done
	})
}

// TestRejecterDoesNotHoldUpOthers gives what one listener rejects to another.
func TestRejecterDoesNotHoldUpOthers(t *testing.T) {
	w := newWorld(t, 100)
	bad, good := w.player("bad"), w.player("good")
	for _, p := range []*player{bad, good} {
		p.start()
		p.change(states.Running)
		p.say([]byte("READY\n"))
	}
	w.Pool.mu.Lock()
	for range patientFor + 1 {
		bad.Member.reject()
	}
	w.Pool.mu.Unlock()
	for range 5 {
		w.Accept(events.Event{Type: "TICK", Payload: "e"})
		good.say([]byte("RESULT 2\nOKREADY\n"))
	}
	if got := strings.Join(w.got, " "); strings.Contains(got, "bad:") || strings.Count(got, "good:") != 5 {
		t.Errorf("got %s", got)
	}
	bad.change(states.Exited)
}
