package listener

import (
	"encoding/json"
	"testing"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
)

// TestSaveAndRestore: another pool goes on in the middle of a result, a token, an event.
func TestSaveAndRestore(t *testing.T) {
	before := newTestPool(t, 10)
	busy, partial, idle := before.addListener("busy").run(), before.addListener("saying"), before.addListener("idle")
	before.publish("one")
	busy.output([]byte("RESULT 4\nFA"))
	partial.start()
	partial.output([]byte("REA"))
	before.publish("two")
	before.publish("three\xff")

	text, err := json.Marshal(before.Save())
	if err != nil {
		t.Fatal(err)
	}
	var l State
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatal(err)
	}
	_ = idle // it has no child

	after := &testPool{t: t, Pool: New(before.conf, "id", before.log.Logger(), nil)}
	busy, partial, idle = after.addListener("busy"), after.addListener("saying"), after.addListener("idle")
	after.Restore(l)
	for _, p := range []*fakeListener{busy, partial} {
		p.output = p.NewSession()
		p.SetStdin(p.write)
		p.change(states.Running)
	}
	after.expect()
	busy.output([]byte("IL"))
	partial.output([]byte("DY\n"))
	busy.output([]byte("READY\n"))
	idle.run()
	after.Accept(events.Event{Serial: 9, Type: events.RemoteCommunication, Payload: "four"})
	after.expect("saying: one", "busy: two", "idle: three\uFFFD\n")
	partial.answer("OK")
	after.expect("saying: one", "busy: two", "idle: three\uFFFD\n", "saying: four")
	if after.serial != 4 {
		t.Errorf("the next serial in the pool is %d", after.serial)
	}
}

// TestRestoreAfterExit: the event of a listener that has ended is given to
// another one.
func TestRestoreAfterExit(t *testing.T) {
	before := newTestPool(t, 10)
	before.addListener("a").run()
	before.publish("one")
	l := before.Save()
	after := &testPool{t: t, Pool: New(before.conf, "id", before.log.Logger(), nil)}
	a, b := after.addListener("a"), after.addListener("b")
	after.Restore(l)
	a.change(states.Running) // it was
	a.change(states.Exited)
	after.expect()
	b.run()
	after.expect("b: one")
}
