package listener

import (
	"encoding/json"
	"testing"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
)

// TestLegacy: another pool goes on in the middle of a result, a token, an event.
func TestLegacy(t *testing.T) {
	before := newWorld(t, 10)
	busy, saying, idle := before.player("busy").run(), before.player("saying"), before.player("idle")
	before.publish("one")
	busy.say([]byte("RESULT 4\nFA"))
	saying.start()
	saying.say([]byte("REA"))
	before.publish("two")
	before.publish("three\xff")

	text, err := json.Marshal(before.Legacy())
	if err != nil {
		t.Fatal(err)
	}
	var l Legacy
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatal(err)
	}
	_ = idle // it has no child

	after := &world{t: t, Pool: New(before.conf, "id", before.log.Logger(), nil)}
	busy, saying, idle = after.player("busy"), after.player("saying"), after.player("idle")
	after.Resume(l)
	for _, p := range []*player{busy, saying} {
		p.say = p.Expect()
		p.Meet(p.write)
		p.change(states.Running)
	}
	after.expect()
	busy.say([]byte("IL"))
	saying.say([]byte("DY\n"))
	busy.say([]byte("READY\n"))
	idle.run()
	after.Accept(events.Event{Serial: 9, Type: events.RemoteCommunication, Payload: "four"})
	after.expect("saying: one", "busy: two", "idle: three\uFFFD\n")
	saying.answer("OK")
	after.expect("saying: one", "busy: two", "idle: three\uFFFD\n", "saying: four")
	if after.serial != 4 {
		t.Errorf("the next serial in the pool is %d", after.serial)
	}
}

// TestLegacyOfTheDead: the event of a listener that has ended is given to
// another one.
func TestLegacyOfTheDead(t *testing.T) {
	before := newWorld(t, 10)
	before.player("a").run()
	before.publish("one")
	l := before.Legacy()
	after := &world{t: t, Pool: New(before.conf, "id", before.log.Logger(), nil)}
	a, b := after.player("a"), after.player("b")
	after.Resume(l)
	a.change(states.Running) // it was
	a.change(states.Exited)
	after.expect()
	b.run()
	after.expect("b: one")
}
