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

// rejectingListener answers FAIL to everything while fails is set.
type rejectingListener struct {
	member *Member
	sent   int
	fails  bool
	output func([]byte)
}

func (r *rejectingListener) answer() {
	word := "OK"
	if r.fails {
		word = "FAIL"
	}
	r.output([]byte("RESULT " + map[string]string{"OK": "2", "FAIL": "4"}[word] + "\n" + word + "READY\n"))
}

// TestRejectionPauses: a listener rejects everything for an hour.
func TestRejectionPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log testkit.Log
		conf := &config.Group{Name: "pool", Kind: config.EventListener, BufferSize: 10, Events: []string{"TICK"}}
		p := New(conf, "id", log.Logger(), nil)
		r := &rejectingListener{member: p.Member("a"), fails: true}
		r.output = r.member.NewSession()
		answers := make(chan struct{}, 1000)
		r.member.SetStdin(func([]byte) error { r.sent++; answers <- struct{}{}; return nil })
		r.member.StateChanged(states.Running, func() {})
		r.output([]byte("READY\n"))
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
		if r.sent < 20 || r.sent > 200 {
			t.Errorf("the event was sent %d times in an hour", r.sent)
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
		time.Sleep(maxPause)
		synctest.Wait()
		if r.member.rejection.count != 0 || len(p.queue) != 0 {
			t.Errorf("after OK: %+v, %v", r.member.rejection, p.queue)
		}
		// The first rejections cause no pause again, and an end of the child ends a pause.
		r.fails = true
		p.Accept(events.Event{Type: "TICK", Payload: "y"})
		synctest.Wait()
		if r.member.rejection.count != immediateRetries+1 {
			t.Errorf("after OK: %d rejections at once", r.member.rejection.count)
		}
		r.member.StateChanged(states.Exited, func() {})
		if r.member.rejection.pause != nil || len(p.queue) != 1 {
			t.Errorf("after its end: %+v, %v", r.member.rejection, p.queue)
		}
		close(answers)
		<-done
	})
}

// TestRejectingListenerDoesNotBlockOthers: another listener gets what one rejects.
func TestRejectingListenerDoesNotBlockOthers(t *testing.T) {
	w := newTestPool(t, 100)
	bad, good := w.addListener("bad"), w.addListener("good")
	for _, p := range []*fakeListener{bad, good} {
		p.start()
		p.change(states.Running)
		p.output([]byte("READY\n"))
	}
	w.Pool.mu.Lock()
	for range immediateRetries + 1 {
		bad.Member.recordRejection()
	}
	w.Pool.mu.Unlock()
	for range 5 {
		w.Accept(events.Event{Type: "TICK", Payload: "e"})
		good.output([]byte("RESULT 2\nOKREADY\n"))
	}
	if got := strings.Join(w.got, " "); strings.Contains(got, "bad:") || strings.Count(got, "good:") != 5 {
		t.Errorf("got %s", got)
	}
	bad.change(states.Exited)
}
