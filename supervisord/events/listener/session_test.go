package listener

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/api/states"
)

func (h outcome) String() string {
	return [...]string{"nothing", "ready", "accepted", "rejected", "answered", "causedError", "bad line", "out of turn"}[h]
}

// feed passes output of a child and returns the outcome.
func feed(c *session, piece string) (outcomes []string) {
	for data := []byte(piece); len(data) > 0; {
		var what outcome
		if what, data = c.parse(data); what != noOutcome {
			outcomes = append(outcomes, what.String())
		}
	}
	return outcomes
}

func TestSession(t *testing.T) {
	t.Parallel()
	const (
		acknowledged = states.ListenerAcknowledged
		ready        = states.ListenerReady
		busy         = states.ListenerBusy
		unknown      = states.ListenerUnknown
	)
	for _, tt := range []struct {
		from   states.Listener
		output string // pieces, divided by "|"; "!" is an event that is sent in between
		want   string
	}{
		{acknowledged, "READY\n", "ready READY"},
		{acknowledged, "RE|ADY|\n", "ready READY"},
		{acknowledged, "READY", "ACKNOWLEDGED"},
		{acknowledged, "oops\n", "ACKNOWLEDGED"}, // until it writes more
		{acknowledged, "oops\nREADY\n", "out of turn UNKNOWN"},
		{acknowledged, "READY \n", "out of turn UNKNOWN"},
		{acknowledged, "READY\r\n", "out of turn UNKNOWN"},
		{acknowledged, "READY\nx", "ready out of turn UNKNOWN"},
		{acknowledged, "READY\nREADY\n", "ready out of turn UNKNOWN"},
		{ready, "\n", "out of turn UNKNOWN"},
		{unknown, "READY\n", "UNKNOWN"},

		{busy, "RESULT 2\nOK", "accepted ACKNOWLEDGED"},
		{busy, "RES|ULT 2|\nO|K", "accepted ACKNOWLEDGED"},
		{busy, "RESULT 2\nOKREADY\n", "accepted ready READY"},
		{busy, "RESULT 2\nOKREADY\n|!|RESULT 4\nFAILREADY\n", "accepted ready rejected ready READY"},
		{busy, "RESULT 2\nOK\nREADY\n", "accepted out of turn UNKNOWN"},
		{busy, "RESULT 2\nok", "rejected ACKNOWLEDGED"},
		{busy, "RESULT 3\nOK\n", "rejected ACKNOWLEDGED"},
		{busy, "RESULT 4\nFAIL", "rejected ACKNOWLEDGED"},
		{busy, "RESULT 0\n", "rejected ACKNOWLEDGED"},
		{busy, "RESULT 0\nREADY\n", "rejected ready READY"},
		{busy, "RESULT 10\nOKOKOKOKO", "BUSY"},
		{busy, "RESULT 9223372036854775807\nOK", "BUSY"},
		{busy, "RESULT 2", "BUSY"},

		// As Python's int parses it.
		{busy, "RESULT  +2 \r\nOK", "accepted ACKNOWLEDGED"},
		{busy, "RESULT 0_2\nOK", "accepted ACKNOWLEDGED"},
		{busy, "RESULT -0\n", "rejected ACKNOWLEDGED"},
		{busy, "RESULT _2\nOK", "bad line UNKNOWN"},
		{busy, "RESULT +_2\nOK", "bad line UNKNOWN"},
		{busy, "RESULT 2_\nOK", "bad line UNKNOWN"},
		{busy, "RESULT 0__2\nOK", "bad line UNKNOWN"},
		{busy, "RESULT +-2\nOK", "bad line UNKNOWN"},
		{busy, "RESULT 0x2\nOK", "bad line UNKNOWN"},
		{busy, "RESULT 2.0\nOK", "bad line UNKNOWN"},
		{busy, "RESULT \nOK", "bad line UNKNOWN"},
		{busy, "RESULT -2\nOK", "bad line UNKNOWN"},
		{busy, "RESULT 9223372036854775808\nOK", "BUSY"}, // too large for int64
		{busy, "result 2\nOK", "bad line UNKNOWN"},
		{busy, "READY\n", "bad line UNKNOWN"},
		{busy, "\nREADY\n", "bad line UNKNOWN"},
		{busy, "RESULT 2" + strings.Repeat(" ", maxLine-8) + "\nOK", "accepted ACKNOWLEDGED"},
		{busy, "RESULT 2" + strings.Repeat(" ", maxLine-7) + "\nOK", "bad line UNKNOWN"},
		{busy, strings.Repeat("x", maxLine+1), "bad line UNKNOWN"},
	} {
		t.Run(fmt.Sprintf("%s %.30q", tt.from, tt.output), func(t *testing.T) {
			t.Parallel()
			c := &session{state: tt.from}
			var got []string
			for piece := range strings.SplitSeq(tt.output, "|") {
				if piece == "!" {
					c.eventSent()
					continue
				}
				got = append(got, feed(c, piece)...)
			}
			got = append(got, c.state.String())
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}

func TestBadLineIsKeptForTheLog(t *testing.T) {
	t.Parallel()
	c := &session{state: states.ListenerBusy}
	for _, piece := range []string{"RESULT", " abc", "\nREADY\n"} {
		feed(c, piece)
	}
	if string(c.partial) != "RESULT abc" {
		t.Errorf("kept %q", c.partial)
	}
}

// The outcome does not depend on how a listener's output is cut into pieces, and
// little of it is kept however much it is.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"READY\n", "READY\nx", "RESULT 2\nOKREADY\n", "RESULT 0\nREADY\n", "RESULT -1\n", "RESULT 4\nFAIL",
		"RESULT 99999999999\nOK", "RESULT 2\nOK\nREADY\n", strings.Repeat("x", 2*maxLine),
	} {
		f.Add(true, []byte(s), uint16(3), uint16(7))
		f.Add(false, []byte(s), uint16(6), uint16(6))
	}
	f.Fuzz(func(t *testing.T, isBusy bool, data []byte, i, j uint16) {
		state := states.ListenerAcknowledged
		if isBusy {
			state = states.ListenerBusy
		}
		a := int(i) % (len(data) + 1)
		b := a + int(j)%(len(data)-a+1)
		whole, cut := &session{state: state}, &session{state: state}
		outcomes := feed(whole, string(data))
		inPieces := slices.Concat(feed(cut, string(data[:a])), feed(cut, string(data[a:b])), feed(cut, string(data[b:])))
		if !slices.Equal(outcomes, inPieces) || whole.state != cut.state {
			t.Errorf("whole: %v %s, in pieces: %v %s", outcomes, whole.state, inPieces, cut.state)
		}
		if n := max(len(whole.partial), len(cut.partial)); n > maxLine {
			t.Errorf("%d bytes are kept", n)
		}
	})
}
