package listener

import (
	"strings"
	"testing"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/events"
)

// TestLinesOfOutput: the lines are those of supervisor_stdout:event_handler.
func TestLinesOfOutput(t *testing.T) {
	t.Parallel()
	for result, want := range map[string]string{
		"processname:web groupname:g pid:7 channel:stdout\nhello":         "web stdout | hello\n",
		"processname:web groupname:g pid:7 channel:stderr\na\nb\n":        "web stderr | a\nweb stderr | b\nweb stderr | \n",
		"processname:web channel:stdout\n":                                "web stdout | \n",
		"processname:web channel:stdout\n\n\r\nx":                         "web stdout | \nweb stdout | \r\nweb stdout | x\n",
		"processname:web channel:stdout\n\xff\xc3\xa9":                    "web stdout | \xff\xc3\xa9\n",
		"processname:one processname:two channel:stdout\nthe last counts": "two stdout | the last counts\n",
	} {
		if got, ok := linesOfOutput([]byte(result)); !ok || string(got) != want {
			t.Errorf("%q: %q, %v, want %q", result, got, ok, want)
		}
	}
	for _, result := range []string{"", "OK", "processname:web channel:stdout", "processname:web\nx", "channel:stdout\nx", "web\nx", "a:b:c processname:x channel:y\nx"} {
		if got, ok := linesOfOutput([]byte(result)); ok {
			t.Errorf("%q: %q", result, got)
		}
	}
}

// TestResultHandler: listeners answer in pieces to a pool with that handler.
func TestResultHandler(t *testing.T) {
	w := newTestPool(t, 10)
	w.Pool = New(&config.Group{
		Name: "pool", Kind: config.EventListener, BufferSize: 10, Events: []string{"TICK"}, ResultHandler: option.StdoutResultHandler,
	}, "id", w.log.Logger(), &w.out)
	p := w.addListener("a")
	p.start()
	p.change(states.Running)
	p.output([]byte("READY\n"))
	w.Accept(events.Event{Type: "TICK", Payload: "1"})
	for _, letter := range strings.Split("RESULT 35\nprocessname:web channel:stdout\nhi\n!READY\n", "") {
		p.output([]byte(letter))
	}
	if want := "web stdout | hi\nweb stdout | !\n"; w.out.String() != want {
		t.Errorf("%q, want %q", w.out.String(), want)
	}
	w.Accept(events.Event{Type: "TICK", Payload: "2"})
	p.output([]byte("RESULT 2\nOKREADY\n"))
	if !strings.Contains(w.log.String(), "a: event caused an error") || p.session.state != states.ListenerUnknown || len(w.queue) != 1 {
		t.Errorf("state %v, queue %v\n%s", p.session.state, w.queue, w.log.String())
	}
}

// TestKeptResultsAreBounded: a result that is too long ends the session.
func TestKeptResultsAreBounded(t *testing.T) {
	t.Parallel()
	c := newSession(true)
	c.eventSent()
	c.state = states.ListenerBusy
	if what, _ := c.parse([]byte("RESULT 999999999\n")); what != badResultLine {
		t.Errorf("%v", what)
	}
}
