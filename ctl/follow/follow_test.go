package follow

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/ctl/shell"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/ctlconf"
	"supervisor/supervisord/config/python"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func FuzzParseInt(f *testing.F) {
	for _, seed := range []string{"0", "-5", "+1_000", "_1", "1__0", "99999999999999999999", "", "0x1", "--1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := parseInt(text)
		plain, err := strconv.ParseInt(text, 10, 32)
		if err == nil && (!ok || int64(n) != plain && plain > -1<<31) {
			t.Errorf("parseInt(%q) = %d, %v, want %d", text, n, ok, plain)
		}
		if ok && strings.Trim(python.Strip(text), "+-_0123456789") != "" {
			t.Errorf("parseInt(%q) = %d", text, n)
		}
	})
}

// fakeInput passes on the lines that a test sends.
type fakeInput struct {
	session.LineReader
	typed chan string
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

// fakeDaemon is a supervisord with one process.
type fakeDaemon struct {
	mu    sync.Mutex // fg calls over two connections
	info  api.ProcessInfo
	stdin []string
	fault error // of sendProcessStdin
}

func (d *fakeDaemon) dial(ctlconf.Settings) (session.Client, error) { return d, nil }

func (d *fakeDaemon) Close() error { return nil }

func (d *fakeDaemon) Call(_ context.Context, method string, reply any, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch method {
	case "supervisor.getProcessInfo":
		*reply.(*api.ProcessInfo) = d.info
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

// Stream follows a log to which nothing is written until ctx ends.
func (d *fakeDaemon) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() {
		io.WriteString(w, path+"\n")
		<-ctx.Done()
		w.CloseWithError(ctx.Err())
	}()
	return r, nil
}

// newTestSession returns a session with the daemon, and where its output goes.
func newTestSession(d *fakeDaemon, input session.LineReader) (*session.Session, *bytes.Buffer) {
	var out bytes.Buffer
	return session.New(session.Options{Dial: d.dial, Input: input, Out: &out, ErrOut: &out}), &out
}

// exitStatus returns the exit status of a session so far: an empty line does not
// change it.
func exitStatus(s *session.Session) int { return s.Run(nil, nil, []string{""}) }

// foregroundTest is a run of fg.
type foregroundTest struct {
	name  string
	fault error // of sendProcessStdin
	act   func(d *fakeDaemon, p *fakeInput, interrupt func())
	want  string // the output after the banner and the logs
	stdin string
}

func TestForeground(t *testing.T) {
	t.Parallel()
	for _, tt := range []foregroundTest{
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
			name:  "the process has ended before the line",
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
			synctest.Test(t, tt.run)
		})
	}
}

func (tt *foregroundTest) run(t *testing.T) {
	d := &fakeDaemon{fault: tt.fault}
	d.setState(states.Running, 7)
	p := &fakeInput{typed: make(chan string)}
	s, out := newTestSession(d, p)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	done := make(chan error)
	go func() { done <- foreground(ctx, s, action.Arguments{Words: []string{"one"}}) }()
	synctest.Wait()
	tt.act(d, p, interrupt)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	checkForeground(t, out.String(), tt.want)
	if got, exit := strings.Join(d.stdin, ""), exitStatus(s); got != tt.stdin || exit != 0 {
		t.Errorf("stdin %q, want %q; exit %d", got, tt.stdin, exit)
	}
}

// checkForeground checks the output of fg. The logs may come in any order.
func checkForeground(t *testing.T, got, want string) {
	t.Helper()
	for _, line := range []string{"/logtail/one/stdout\n", "/logtail/one/stderr\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in %q", line, got)
		}
		got = strings.Replace(got, line, "", 1)
	}
	if want := followBanner + "\n" + want + "Exiting foreground\n"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
}

// TestFollowIsEndedByCtrlC also checks that this is no failure.
func TestFollowIsEndedByCtrlC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, out := newTestSession(&fakeDaemon{}, &fakeInput{})
		ctx, interrupt := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- tail(ctx, s, action.Arguments{Words: []string{"-f", "one", "stderr"}, LiteralFrom: 3})
		}()
		synctest.Wait()
		interrupt()
		if err, exit := <-done, exitStatus(s); err != nil || exit != 0 {
			t.Errorf("error %v, exit %d", err, exit)
		}
		if want := followBanner + "\n/logtail/one/stderr\n\n"; out.String() != want {
			t.Errorf("output %q, want %q", out.String(), want)
		}
	})
}
