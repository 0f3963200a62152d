package ctl

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"supervisor/ctl/session"
	"supervisor/ctl/shell"
	"supervisor/supervisord/config/ctlconf"
)

// fakeInput answers questions. When it has no more answers, Ctrl-C is pressed.
type fakeInput struct {
	session.LineReader
	answers []string
}

func (p *fakeInput) Prompt(context.Context, string) (string, error) {
	if len(p.answers) == 0 {
		return "", shell.ErrInterrupted
	}
	answer := p.answers[0]
	p.answers = p.answers[1:]
	return answer, nil
}

func (p *fakeInput) Password(ctx context.Context, prompt string) (string, error) {
	return p.Prompt(ctx, prompt)
}

// TestLogin covers what a 401 leads to: the questions are repeated until the server
// accepts the answers, then the action runs again, and the credentials stay.
func TestLogin(t *testing.T) {
	t.Parallel()
	dial := func(settings ctlconf.Settings) (session.Client, error) {
		if settings.Username == "me" && settings.Password == "secret" {
			return &scriptedServer{t: t, script: []exchange{{"getPID", "7"}, {"getPID", "7"}}}, nil
		}
		return &scriptedServer{t: t, script: []exchange{{"getVersion", "status 401"}}}, nil
	}
	var out bytes.Buffer
	s := newTestSession(dial, &out, nil, session.Options{
		Interactive: true,
		Input:       &fakeInput{answers: []string{"me", "wrong", "me", "secret"}},
	})
	for range 2 {
		if err := s.RunLine(t.Context(), "pid"); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Repeat("Server requires authentication\n\n", 2) + "7\n7\n"
	if exit := exitStatus(s); out.String() != want || exit != 0 {
		t.Errorf("exit %d, output %q, want %q", exit, out.String(), want)
	}
}

func TestInterruptedQuestionEndsTheShell(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newTestSession(nil, &out, nil, session.Options{Interactive: true, Input: &fakeInput{}})
	if err := s.RunLine(t.Context(), "shutdown"); err == nil {
		t.Error("the shell goes on")
	}
}

// interruptingServer presses Ctrl-C when it is called.
type interruptingServer struct {
	*scriptedServer
	interrupt func()
}

func (d *interruptingServer) Call(ctx context.Context, method string, reply any, args ...any) error {
	if method == "supervisor.getVersion" {
		return d.scriptedServer.Call(ctx, method, reply, args...)
	}
	d.interrupt()
	return context.Canceled
}

// TestCtrlCInAnAction covers Ctrl-C in an action that has no use for it.
func TestCtrlCInAnAction(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	d := &interruptingServer{&scriptedServer{t: t}, interrupt}
	var out bytes.Buffer
	s := newTestSession(func(ctlconf.Settings) (session.Client, error) { return d, nil }, &out, nil, session.Options{})
	if err := s.RunLine(ctx, "start one two"); err == nil {
		t.Error("the shell goes on")
	}
	if out.String() != "\n" {
		t.Errorf("output %q, want an empty line", out.String())
	}
}
