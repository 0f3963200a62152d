package ctl

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"supervisor/ctl/shell"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config"
)

// fakeInput is a lineReader that answers from a list, or types when the test does.
type fakeInput struct {
	answers []string
	typed   chan string // lines for ReadLine
}

func (p *fakeInput) Prompt(context.Context, string) (string, error) {
	if len(p.answers) == 0 {
		return "", shell.ErrInterrupted
	}
	answer := p.answers[0]
	p.answers = p.answers[1:]
	return answer, nil
}

func (p *fakeInput) ReadLine(ctx context.Context) (string, error) {
	select {
	case line, ok := <-p.typed:
		if !ok {
			return "", io.EOF
		}
		return line, nil
	case <-ctx.Done():
		return "", shell.ErrInterrupted
	}
}

func (p *fakeInput) Password(ctx context.Context, prompt string) (string, error) {
	return p.Prompt(ctx, prompt)
}

func (p *fakeInput) AddHistory(string) {}

// TestLogin covers the questions that a 401 leads to: they are repeated until
// the server is content, the action is run again, and the credentials stay.
func TestLogin(t *testing.T) {
	t.Parallel()
	dial := func(st config.Ctl) (client, error) {
		if st.Username == "me" && st.Password == "secret" {
			return &scriptedServer{t: t, script: []exchange{{"getPID", "7"}, {"getPID", "7"}}}, nil
		}
		return &scriptedServer{t: t, script: []exchange{{"getVersion", "status 401"}}}, nil
	}
	var out bytes.Buffer
	s := newTestSession(dial, &out, nil)
	s.interactive = true
	s.lines = &fakeInput{answers: []string{"me", "wrong", "me", "secret"}}
	for range 2 {
		if err := s.runLine(t.Context(), "pid"); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Repeat("Server requires authentication\n\n", 2) + "7\n7\n"
	if out.String() != want || s.exit != 0 {
		t.Errorf("exit %d, output %q, want %q", s.exit, out.String(), want)
	}
}

func TestInterruptedQuestionEndsTheShell(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newTestSession(nil, &out, nil)
	s.interactive = true
	s.lines = &fakeInput{}
	if err := s.runLine(t.Context(), "shutdown"); err != errInterrupted {
		t.Errorf("error %v, want %v", err, errInterrupted)
	}
}

// TestCtrlCInAnAction covers Ctrl-C in an action that has no use for it.
func TestCtrlCInAnAction(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	d := &fakeDaemon{scriptedServer: &scriptedServer{t: t}, onStart: func() error {
		interrupt()
		return ctx.Err()
	}}
	var out bytes.Buffer
	s := newTestSession(d.dial, &out, nil)
	if err := s.runLine(ctx, "start one two"); err != errInterrupted {
		t.Errorf("error %v, want %v", err, errInterrupted)
	}
	if out.String() != "\n" {
		t.Errorf("output %q, want an empty line", out.String())
	}
}

// fakeDaemon is a supervisord with one process, for fg.
type fakeDaemon struct {
	*scriptedServer
	info  api.ProcessInfo
	stdin []string
	fault error // of sendProcessStdin

	onStart func() error // called by startProcess
}

func (d *fakeDaemon) dial(config.Ctl) (client, error) { return d, nil }

func (d *fakeDaemon) Call(_ context.Context, method string, reply any, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch method {
	case "supervisor.getProcessInfo":
		*reply.(*api.ProcessInfo) = d.info
	case "supervisor.getVersion":
		*reply.(*string) = api.Version
	case "supervisor.startProcess":
		return d.onStart()
	case "supervisor.sendProcessStdin":
		if d.fault != nil {
			return d.fault
		}
		d.stdin = append(d.stdin, args[1].(string))
	}
	return nil
}

func (d *fakeDaemon) setState(state states.Process, pid int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.info.State, d.info.PID = state, pid
}

// Stream follows a log on which nothing happens until ctx ends.
func (d *fakeDaemon) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() {
		io.WriteString(w, path+"\n")
		<-ctx.Done()
		w.CloseWithError(ctx.Err())
	}()
	return r, nil
}

func TestForeground(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault error
		act   func(d *fakeDaemon, p *fakeInput, interrupt func())
		want  string // after the banner and the logs
		stdin string
	}{
		{
			name: "Ctrl-C",
			act: func(_ *fakeDaemon, p *fakeInput, interrupt func()) {
				p.typed <- "hello"
				p.typed <- ""
				interrupt()
			},
			stdin: "hello\n\n",
		},
		{
			name: "end of input",
			act:  func(_ *fakeDaemon, p *fakeInput, _ func()) { close(p.typed) },
		},
		{
			name: "the process ends",
			act:  func(d *fakeDaemon, _ *fakeInput, _ func()) { d.setState(states.Exited, 0) },
			want: "Process got killed\n",
		},
		{
			name: "the process is replaced",
			act:  func(d *fakeDaemon, _ *fakeInput, _ func()) { d.setState(states.Running, 8) },
			want: "Process got killed\n",
		},
		{
			name:  "nobody to take the line",
			fault: &xmlrpc.Fault{Code: faults.NotRunning, Text: "NOT_RUNNING: one"},
			act:   func(_ *fakeDaemon, p *fakeInput, _ func()) { p.typed <- "x" },
			want:  "Process got killed\n",
		},
		{
			name:  "stdin is closed",
			fault: &xmlrpc.Fault{Code: faults.NoFile, Text: "NO_FILE: one"},
			act:   func(_ *fakeDaemon, p *fakeInput, _ func()) { p.typed <- "x" },
			want:  "ERROR: <Fault 20: 'NO_FILE: one'>\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &fakeDaemon{scriptedServer: &scriptedServer{t: t}, fault: tt.fault}
				d.setState(states.Running, 7)
				p := &fakeInput{typed: make(chan string)}
				var out bytes.Buffer
				s := newTestSession(d.dial, &out, nil)
				s.lines = p
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				done := make(chan error)
				go func() { done <- s.foreground(ctx, arguments{words: []string{"one"}}) }()
				synctest.Wait()
				tt.act(d, p, interrupt)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				got := out.String()
				for _, line := range []string{"/logtail/one/stdout\n", "/logtail/one/stderr\n"} {
					if !strings.Contains(got, line) {
						t.Errorf("no %q in %q", line, got)
					}
					got = strings.Replace(got, line, "", 1)
				}
				if want := followBanner + "\n" + tt.want + "Exiting foreground\n"; got != want {
					t.Errorf("output %q, want %q", got, want)
				}
				if got := strings.Join(d.stdin, ""); got != tt.stdin || s.exit != 0 {
					t.Errorf("stdin %q, want %q; exit %d", got, tt.stdin, s.exit)
				}
			})
		})
	}
}

// TestFollowIsEndedByCtrlC also says that this is no failure.
func TestFollowIsEndedByCtrlC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDaemon{scriptedServer: &scriptedServer{t: t}}
		var out bytes.Buffer
		s := newTestSession(d.dial, &out, nil)
		ctx, interrupt := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.tail(ctx, arguments{words: []string{"-f", "one", "stderr"}, literalFrom: 3}) }()
		synctest.Wait()
		interrupt()
		if err := <-done; err != nil || s.exit != 0 {
			t.Errorf("error %v, exit %d", err, s.exit)
		}
		if want := followBanner + "\n/logtail/one/stderr\n\n"; out.String() != want {
			t.Errorf("output %q, want %q", out.String(), want)
		}
	})
}
