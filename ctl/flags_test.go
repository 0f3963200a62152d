package ctl

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/config"
)

// runWithoutServer runs a line as a command or, followed by quit, in the shell. It
// fails the test if the line makes a connection.
func runWithoutServer(t *testing.T, line string, inShell bool) (output string, exit int) {
	t.Helper()
	var out bytes.Buffer
	dial := func(config.Ctl) (client, error) {
		t.Errorf("%q: something is sent", line)
		return nil, messageError("nobody is there")
	}
	s := newTestSession(dial, &out, &out)
	if !inShell {
		exit = s.run(strings.NewReader(""), &out, strings.Fields(line))
		return out.String(), exit
	}
	s.interactive = true
	if err := s.runLine(t.Context(), line); err != nil {
		t.Errorf("%q: the shell ends: %v", line, err)
	}
	return out.String(), s.exit
}

// checkRejected checks that a line is refused, both ways, with a text that has all parts.
func checkRejected(t *testing.T, line string, parts ...string) {
	t.Helper()
	for _, inShell := range []bool{false, true} {
		out, exit := runWithoutServer(t, line, inShell)
		if exit != exitUsage || !strings.HasPrefix(out, "Error: ") || strings.Count(out, "\n") != 1 {
			t.Errorf("%q (in the shell: %v): exit %d, %q", line, inShell, exit, out)
		}
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%q: %q does not tell %q", line, out, part)
			}
		}
	}
}

// TestUnknownFlagsAreRefused tries every action with flags that it does not have.
func TestUnknownFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, a := range actionTable() {
		for _, word := range []string{"--no-such-flag", "--frob=1", "-X", "–frob", "—frob", "−x", "---"} {
			name, _, _ := strings.Cut(word, "=")
			text := a.name + ": no such flag " + name
			if a.operand == nil || !a.operand(word, 0) {
				checkRejected(t, a.name+" "+word+" web 1", text)
			}
			if a.operand == nil || !a.operand(word, 1) {
				checkRejected(t, a.name+" web "+word, text)
			}
		}
	}
}

// TestMisspeltFlagsAreRefused also wants the flag that was meant to be named.
func TestMisspeltFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, a := range actionTable() {
		for _, f := range a.flags {
			bare := strings.TrimLeft(f.name, "-")
			if len(bare) < 2 {
				continue
			}
			for _, word := range []string{
				"--" + bare[:len(bare)-1], "--" + bare + "s", "--" + strings.ToUpper(bare), "-" + bare, "—" + bare, "–" + bare,
				"--" + bare[1:2] + bare[:1] + bare[2:], "--" + strings.ReplaceAll(bare, "-", "_") + "_",
			} {
				if _, ok := a.flag(word); !ok {
					checkRejected(t, a.name+" web "+word, "did you mean --")
				}
			}
		}
	}
}

// TestFlagsOfOtherActionsAreRefused gives every action all flags of all others.
func TestFlagsOfOtherActionsAreRefused(t *testing.T) {
	t.Parallel()
	actions := actionTable()
	for _, a := range actions {
		for _, other := range actions {
			for _, f := range other.flags {
				if _, ok := a.flag(f.name); !ok && (a.operand == nil || !a.operand(f.name, 0)) {
					checkRejected(t, a.name+" "+f.name+" web:*", a.name+": no such flag "+f.name)
				}
			}
		}
	}
	checkRejected(t, "restart --rolling web:*", "it is a flag of update")
	checkRejected(t, "stop --nwo worker", "did you mean --now?", "-- ends the flags")
	checkRejected(t, "status -c /etc/supervisord.conf", "options of supervisorctl stand before the action")
	checkRejected(t, "signal -HUP web", "did you mean HUP?")
	checkRejected(t, "tail --follow web", "no such flag --follow")
	checkRejected(t, "restart --progress web", "it is a flag of shutdown")
}

// TestValuesOfFlags tries every flag without the value that it needs, with one that
// it does not take and with bad ones.
func TestValuesOfFlags(t *testing.T) {
	t.Parallel()
	for _, a := range actionTable() {
		for _, f := range a.flags {
			if f.value.check == nil {
				checkRejected(t, a.name+" web "+f.name+"=yes", f.name+" takes no value")
				continue
			}
			checkRejected(t, a.name+" web 1 "+f.name, f.name+" needs a value")
			checkRejected(t, a.name+" "+f.name+" --plan", f.name+" needs a value")
			checkRejected(t, a.name+" "+f.name+"=", f.name+": ")
			if f.value.word != pathValue.word {
				checkRejected(t, a.name+" web "+f.name+" nonsense", f.name+": ")
				checkRejected(t, a.name+" web "+f.name+"=-1", f.name+": ")
			}
		}
	}
}

// TestHyphensEndFlags reads arguments behind "--" as they are, for every action.
func TestHyphensEndFlags(t *testing.T) {
	t.Parallel()
	s := newTestSession(nil, nil, nil)
	for i := range s.actions {
		a := &s.actions[i]
		in, err := s.parse(a, "web -- -x --now -- --")
		if err != nil || !slices.Equal(in.words, []string{"web", "-x", "--now", "--", "--"}) || in.literalFrom != 1 || len(in.flags) != 0 {
			t.Errorf("%s: %+v, %v", a.name, in, err)
		}
		if in, err := s.parse(a, "--"); err != nil || len(in.words) != 0 || in.line != "" {
			t.Errorf("%s: %+v, %v", a.name, in, err)
		}
	}
}

// TestFlagsStandAnywhere also tells how values are given.
func TestFlagsStandAnywhere(t *testing.T) {
	t.Parallel()
	s := newTestSession(nil, nil, nil)
	for _, tt := range []struct{ action, line, words, flag, value string }{
		{"stop", "--now a b", "a b", "--now", ""},
		{"stop", "a --now b", "a b", "--now", ""},
		{"stop", "a b --now", "a b", "--now", ""},
		{"shutdown", "--progress --timeout 10", "", "--timeout", "10"},
		{"shutdown", "--timeout=1m30s", "", "--timeout", "1m30s"},
		{"upgrade", "--binary=/a=b", "", "--binary", "/a=b"},
		{"scale", "web -2", "web -2", "", ""},
		{"tail", "-f web", "-f web", "", ""},
		{"tail", "web -f", "web -f", "", ""},
		{"tail", "--5 web", "--5 web", "", ""},
		{"maintail", "-1 -2", "-1 -2", "", ""},
	} {
		a, _ := s.find(tt.action)
		in, err := s.parse(a, tt.line)
		if err != nil || strings.Join(in.words, " ") != tt.words {
			t.Errorf("%s %s: words %q, %v", tt.action, tt.line, in.words, err)
		}
		if value, ok := in.flags[tt.flag]; ok != (tt.flag != "") || value != tt.value {
			t.Errorf("%s %s: flags %v", tt.action, tt.line, in.flags)
		}
	}
}

// TestTimeoutOfShutdown pins what the value may be.
func TestTimeoutOfShutdown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"10": "10s", "500ms": "500ms", "1m30s": "1m30s", "soon": "", "0": "", "-1s": "", "500h": ""} {
		got, err := parseTimeout(text)
		if (err != nil) != (want == "") || err == nil && got.String() != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

// TestShellContinuesAfterRejectedLine reads the next line after one that is refused.
func TestShellContinuesAfterRejectedLine(t *testing.T) {
	t.Parallel()
	server := &scriptedServer{t: t, script: []exchange{{"getAllProcessInfo", "[]"}, {"getPID", "7"}}}
	var out bytes.Buffer
	s := newTestSession(server.dial, &out, &out)
	if exit := s.run(strings.NewReader("restart --rolling web:*\nexit --now\npid\nquit\n"), &out, nil); exit != 0 {
		t.Errorf("exit %d", exit)
	}
	if !strings.Contains(out.String(), "no such flag --rolling") || !strings.Contains(out.String(), "\nsupervisor> 7\n") || len(server.script) > 0 {
		t.Errorf("%s\nnot called: %v", out.String(), server.script)
	}
}

// TestNamesThatLookLikeFlags reach the daemon behind "--".
func TestNamesThatLookLikeFlags(t *testing.T) {
	t.Parallel()
	for line, call := range map[string]string{
		"start -- --now":          `startProcess "--now"`,
		"stop --now -- -x":        `killProcess "-x"`,
		"tail -- -f":              `readProcessStdoutLog "-f" -1600 0`,
		"tail -5 -- -f":           `readProcessStdoutLog "-f" -5 0`,
		"signal -- HUP -web":      `signalProcess "-web" "HUP"`,
		"remove -- --frob":        `removeProcessGroup "--frob"`,
		"pid -- -x":               `getProcessInfo "-x"`,
		"wait --for running -- -": `waitForProcess "-" "running" 10000`,
	} {
		answer := "true"
		switch strings.Fields(call)[0] {
		case "readProcessStdoutLog":
			answer = `"x"`
		case "getProcessInfo":
			answer = `{"pid":1}`
		}
		server := &scriptedServer{t: t, script: []exchange{{call, answer}}}
		var out bytes.Buffer
		s := newTestSession(server.dial, &out, &out)
		if exit := s.run(strings.NewReader(""), &out, strings.Fields(line)); exit != 0 || len(server.script) > 0 {
			t.Errorf("%s: exit %d, %s, not called: %v", line, exit, out.String(), server.script)
		}
	}
}
