package ctl

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/config/ctlconf"
)

// runWithoutServer runs a line as a command or in the shell. It fails the test if
// the line makes a connection.
func runWithoutServer(t *testing.T, line string, inShell bool) (output string, exit int) {
	t.Helper()
	var out bytes.Buffer
	dial := func(ctlconf.Settings) (session.Client, error) {
		t.Errorf("%q: something is sent", line)
		return nil, errors.New("there is no server")
	}
	s := newTestSession(dial, &out, &out, session.Options{Interactive: inShell})
	if !inShell {
		exit = s.Run(strings.NewReader(""), &out, strings.Fields(line))
		return out.String(), exit
	}
	if err := s.RunLine(t.Context(), line); err != nil {
		t.Errorf("%q: the shell ends: %v", line, err)
	}
	return out.String(), exitStatus(s)
}

// hasFlag reports whether an action has a flag of that exact name.
func hasFlag(a *action.Spec, name string) bool {
	return slices.ContainsFunc(a.Flags, func(f action.Flag) bool { return f.Name == name })
}

// isOperand reports whether an action takes a word that looks like a flag for an
// argument.
func isOperand(a *action.Spec, word string, before int) bool {
	return a.Operand != nil && a.Operand(word, before)
}

// checkRejected checks that a line is refused on the command line and in the shell,
// with a message that has all parts.
func checkRejected(t *testing.T, line string, parts ...string) {
	t.Helper()
	for _, inShell := range []bool{false, true} {
		out, exit := runWithoutServer(t, line, inShell)
		if exit != session.ExitUsage || !strings.HasPrefix(out, "Error: ") || strings.Count(out, "\n") != 1 {
			t.Errorf("%q (in the shell: %v): exit %d, %q", line, inShell, exit, out)
		}
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%q: %q does not say %q", line, out, part)
			}
		}
	}
}

// TestUnknownFlagsAreRefused gives every action flags that it does not have.
func TestUnknownFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, a := range Table().All() {
		for _, word := range []string{"--no-such-flag", "--frob=1", "-X", "–frob", "—frob", "−x", "---"} {
			name, _, _ := strings.Cut(word, "=")
			text := a.Name + ": no such flag " + name
			if !isOperand(a, word, 0) {
				checkRejected(t, a.Name+" "+word+" web 1", text)
			}
			if !isOperand(a, word, 1) {
				checkRejected(t, a.Name+" web "+word, text)
			}
		}
	}
}

// TestMisspeltFlagsAreRefused also checks that the error names the flag that was
// probably meant.
func TestMisspeltFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, a := range Table().All() {
		for _, f := range a.Flags {
			bare := strings.TrimLeft(f.Name, "-")
			if len(bare) < 2 {
				continue
			}
			for _, word := range []string{
				"--" + bare[:len(bare)-1], "--" + bare + "s", "--" + strings.ToUpper(bare), "-" + bare, "—" + bare, "–" + bare,
				"--" + bare[1:2] + bare[:1] + bare[2:], "--" + strings.ReplaceAll(bare, "-", "_") + "_",
			} {
				if !hasFlag(a, word) {
					checkRejected(t, a.Name+" web "+word, "did you mean --")
				}
			}
		}
	}
}

// TestFlagsOfOtherActionsAreRefused gives every action the flags of all others.
func TestFlagsOfOtherActionsAreRefused(t *testing.T) {
	t.Parallel()
	actions := Table().All()
	for _, a := range actions {
		for _, other := range actions {
			for _, f := range other.Flags {
				if !hasFlag(a, f.Name) && !isOperand(a, f.Name, 0) {
					checkRejected(t, a.Name+" "+f.Name+" web:*", a.Name+": no such flag "+f.Name)
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

// TestValuesOfFlags gives every flag a value that it does not take, no value though
// it needs one, and bad values.
func TestValuesOfFlags(t *testing.T) {
	t.Parallel()
	for _, a := range Table().All() {
		for _, f := range a.Flags {
			if f.Usage() == f.Name {
				checkRejected(t, a.Name+" web "+f.Name+"=yes", f.Name+" takes no value")
				continue
			}
			checkRejected(t, a.Name+" web 1 "+f.Name, f.Name+" needs a value")
			checkRejected(t, a.Name+" "+f.Name+" --plan", f.Name+" needs a value")
			checkRejected(t, a.Name+" "+f.Name+"=", f.Name+": ")
			switch {
			case strings.HasSuffix(f.Usage(), " PATH"):
			case strings.HasSuffix(f.Usage(), " REGEXP"):
				checkRejected(t, a.Name+" web "+f.Name+" (nonsense", f.Name+": ")
			default:
				checkRejected(t, a.Name+" web "+f.Name+" nonsense", f.Name+": ")
				checkRejected(t, a.Name+" web "+f.Name+"=-1", f.Name+": ")
			}
		}
	}
}

// TestHyphensEndFlags checks for every action that words behind "--" are no flags.
func TestHyphensEndFlags(t *testing.T) {
	t.Parallel()
	table := Table()
	for _, a := range table.All() {
		in, err := table.Parse(a, "web -- -x --now -- --")
		if err != nil || !slices.Equal(in.Words, []string{"web", "-x", "--now", "--", "--"}) || in.LiteralFrom != 1 || len(in.Flags) != 0 {
			t.Errorf("%s: %+v, %v", a.Name, in, err)
		}
		if in, err := table.Parse(a, "--"); err != nil || len(in.Words) != 0 || in.Line != "" {
			t.Errorf("%s: %+v, %v", a.Name, in, err)
		}
	}
}

// TestFlagsStandAnywhere also checks the forms in which a value can be given.
func TestFlagsStandAnywhere(t *testing.T) {
	t.Parallel()
	table := Table()
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
		in, err := table.Parse(table.Find(tt.action), tt.line)
		if err != nil || strings.Join(in.Words, " ") != tt.words {
			t.Errorf("%s %s: words %q, %v", tt.action, tt.line, in.Words, err)
		}
		if value, ok := in.Flags[tt.flag]; ok != (tt.flag != "") || value != tt.value {
			t.Errorf("%s %s: flags %v", tt.action, tt.line, in.Flags)
		}
	}
}

// TestShellContinuesAfterRejectedLine checks that the line after a refused one runs.
func TestShellContinuesAfterRejectedLine(t *testing.T) {
	t.Parallel()
	server := &scriptedServer{t: t, script: []exchange{{"getAllProcessInfo", "[]"}, {"getPID", "7"}}}
	var out bytes.Buffer
	s := newTestSession(server.dial, &out, &out, session.Options{})
	if exit := s.Run(strings.NewReader("restart --rolling web:*\nexit --now\npid\nquit\n"), &out, nil); exit != 0 {
		t.Errorf("exit %d", exit)
	}
	if !strings.Contains(out.String(), "no such flag --rolling") || !strings.Contains(out.String(), "\nsupervisor> 7\n") || len(server.script) > 0 {
		t.Errorf("%s\nnot called: %v", out.String(), server.script)
	}
}

// TestNamesThatLookLikeFlags checks that such a name reaches the daemon if it stands
// behind "--".
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
		s := newTestSession(server.dial, &out, &out, session.Options{})
		if exit := s.Run(strings.NewReader(""), &out, strings.Fields(line)); exit != 0 || len(server.script) > 0 {
			t.Errorf("%s: exit %d, %s, not called: %v", line, exit, out.String(), server.script)
		}
	}
}
