package ctl

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit"
)

// startCatDaemon serves a supervisord with the group "web" and the process "cat",
// which writes back what it is sent. It returns the name of a configuration file
// for supervisorctl.
func startCatDaemon(t *testing.T) (conf string) {
	dir := t.TempDir()
	sock := filepath.Join(dir, "s.sock")
	listener, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	d := &catDaemon{echo: make(chan string, 16)}
	server := &http.Server{Handler: d}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	conf = filepath.Join(dir, "ctl.conf")
	text := "[supervisorctl]\nserverurl=unix://" + sock + "\nhistory_file=%(here)s/history\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return conf
}

type catDaemon struct {
	encoder xmlrpc.Encoder
	echo    chan string
}

func (d *catDaemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		d.stream(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	method, params, err := xmlrpc.DecodeCall(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := xmlrpc.AppendFault(nil, faults.UnknownMethod, method)
	if result := d.call(method, params); result != nil {
		if answer, err = d.encoder.Response(nil, result); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	_, _ = w.Write(answer)
}

func (d *catDaemon) call(method string, params []any) any {
	cat := api.ProcessInfo{Group: "cat", Name: "cat", State: states.Running, StateName: "RUNNING", Description: "pid 7"}
	switch method {
	case "supervisor.getVersion":
		return "3.0"
	case "supervisor.getPID":
		return 6145
	case "supervisor.getProcessInfo":
		return cat
	case "supervisor.getAllProcessInfo":
		return []api.ProcessInfo{cat, {Group: "web", Name: "w-1", StateName: "STOPPED", Description: "Not started"}}
	case "supervisor.sendProcessStdin":
		d.echo <- params[1].(string)
		return true
	}
	return nil
}

func (d *catDaemon) stream(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "log of %s\n", r.URL.Path)
	w.(http.Flusher).Flush()
	for {
		select {
		case line := <-d.echo:
			fmt.Fprint(w, "echo of "+line)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// goraceEnv keeps the race detector from sleeping a second at the end.
const goraceEnv = "GORACE=atexit_sleep_ms=0"

// terminal is supervisorctl on a pseudo terminal.
type terminal struct {
	t    *testing.T
	file *os.File
	cmd  *exec.Cmd
	seen []byte // read but not yet expected
}

func startOnTerminal(t *testing.T, term string, args ...string) *terminal {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1", "TERM="+term, "NO_COLOR=", goraceEnv)
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 160})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		file.Close()
	})
	return &terminal{t: t, file: file, cmd: cmd}
}

// expect reads until the text appears, and returns everything up to it.
func (tt *terminal) expect(text string) string {
	tt.t.Helper()
	deadline := time.AfterFunc(testkit.Timeout, func() { _ = tt.cmd.Process.Kill() })
	defer deadline.Stop()
	buf := make([]byte, 4096)
	for {
		if i := bytes.Index(tt.seen, []byte(text)); i >= 0 {
			got := string(tt.seen[:i+len(text)])
			tt.seen = tt.seen[i+len(text):]
			return got
		}
		n, err := tt.file.Read(buf)
		tt.seen = append(tt.seen, buf[:n]...)
		if err != nil {
			tt.t.Fatalf("%v before %q in %q", err, text, tt.seen)
		}
	}
}

func (tt *terminal) send(text string) {
	tt.t.Helper()
	if _, err := io.WriteString(tt.file, text); err != nil {
		tt.t.Fatal(err)
	}
}

// finish waits for the end, and returns the exit status and the rest of the output.
func (tt *terminal) finish() (exit int, rest string) {
	tt.t.Helper()
	deadline := time.AfterFunc(testkit.Timeout, func() { _ = tt.cmd.Process.Kill() })
	defer deadline.Stop()
	text, _ := io.ReadAll(tt.file) // a closed terminal reads as an error
	_ = tt.cmd.Wait()
	return tt.cmd.ProcessState.ExitCode(), string(tt.seen) + string(text)
}

const (
	prompt       = "supervisor> "
	followBanner = "==> Press Ctrl-C to exit <=="
)

func TestShellOnTerminal(t *testing.T) {
	t.Parallel()
	// A dumb terminal has no line editing and no colours, but is a terminal otherwise.
	for term, running := range map[string]string{"xterm": "\x1b[32mRUNNING   \x1b[0m", "dumb": "RUNNING   "} {
		t.Run(term, func(t *testing.T) {
			t.Parallel()
			conf := startCatDaemon(t)
			tt := startOnTerminal(t, term, "-c", conf)
			if got := tt.expect(prompt); !strings.Contains(got, "cat                              "+running+"pid 7\r\n") {
				t.Errorf("greeting %q", got)
			}
			tt.send("pid\r")
			if got := tt.expect(prompt); got != "pid\r\n6145\r\n"+prompt {
				t.Errorf("pid: %q", got)
			}
			tt.send("tail -f cat\r")
			tt.expect("log of /logtail/cat/stdout\r\n")
			tt.send("\x03")
			tt.expect("\r\n" + prompt)
			tt.send("bogus\r")
			tt.expect("*** Unknown syntax: bogus\r\n" + prompt)
			tt.send("exit\r")
			if exit, rest := tt.finish(); exit != 0 || rest != "exit\r\n\r\n" {
				t.Errorf("exit %d, rest %q", exit, rest)
			}
			got, err := os.ReadFile(filepath.Join(filepath.Dir(conf), "history"))
			if want := "pid\ntail -f cat\nbogus\nexit\n"; string(got) != want || err != nil {
				t.Errorf("history %q, %v, want %q", got, err, want)
			}
		})
	}
}

func TestEndOfShell(t *testing.T) {
	t.Parallel()
	for _, term := range []string{"xterm", "dumb"} {
		for typed, want := range map[string]string{"x\x03": "^C\r\n", "\x04": "\r\n"} {
			t.Run(fmt.Sprintf("%s %q", term, typed), func(t *testing.T) {
				t.Parallel()
				tt := startOnTerminal(t, term, "-c", startCatDaemon(t))
				tt.expect(prompt)
				if rest, ok := strings.CutPrefix(typed, "x"); ok {
					tt.send("x")
					tt.expect("x")
					typed = rest
				}
				tt.send(typed)
				if exit, rest := tt.finish(); exit != 0 || rest != want {
					t.Errorf("exit %d, rest %q, want %q", exit, rest, want)
				}
			})
		}
	}
}

// TestHistoryOption checks that each spelling overrides the configuration file.
func TestHistoryOption(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"--history_file", "--history-file", "-r"} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			conf := startCatDaemon(t)
			history := filepath.Join(t.TempDir(), "typed")
			tt := startOnTerminal(t, "dumb", "-c", conf, option, history)
			tt.expect(prompt)
			tt.send("quit\r")
			tt.finish()
			if got, err := os.ReadFile(history); string(got) != "quit\n" || err != nil {
				t.Errorf("history %q, %v", got, err)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(conf), "history")); err == nil {
				t.Error("the history file of the configuration was written too")
			}
		})
	}
}

func TestLineEditing(t *testing.T) {
	t.Parallel()
	tt := startOnTerminal(t, "xterm", "-c", startCatDaemon(t))
	tt.expect(prompt)
	tt.send("vers\t") // completes to the name and a blank
	tt.expect("version ")
	tt.send("\x15help we\x7f\x7fquit\r") // kill the line, then delete two characters
	tt.expect("Exit the supervisor shell.\r\n" + prompt)
	tt.send("status web:\t") // completes to what "group:*" and the process have in common
	tt.send("*\r")
	tt.expect("web:w-1")
	tt.expect(prompt)
	tt.send("\x1b[A\x1b[A\r") // the line before the last
	tt.expect("Exit the supervisor shell.\r\n" + prompt)
	tt.send("\x04")
	if exit, _ := tt.finish(); exit != 0 {
		t.Errorf("exit %d", exit)
	}
}

func TestForegroundOnTerminal(t *testing.T) {
	t.Parallel()
	tt := startOnTerminal(t, "xterm", "-c", startCatDaemon(t))
	tt.expect(prompt)
	tt.send("fg cat\r")
	tt.expect("log of ")
	tt.expect("log of ")
	tt.send("hello\r")
	tt.expect("echo of hello\r\n")
	tt.send("\x03")
	tt.expect("Exiting foreground\r\n" + prompt)
	tt.send("pid\r")
	tt.expect("6145\r\n" + prompt)
	tt.send("fg cat\r")
	tt.expect("log of ")
	tt.send("\x04")
	tt.expect("Exiting foreground\r\n" + prompt)
	tt.send("quit\r")
	if exit, _ := tt.finish(); exit != 0 {
		t.Errorf("exit %d", exit)
	}
}

// TestCtrlCOnCommandLine covers the actions that Ctrl-C usually ends.
func TestCtrlCOnCommandLine(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"tail -f cat": "\r\n",
		"maintail -f": "\r\n",
		"fg cat":      "Exiting foreground\r\n",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			tt := startOnTerminal(t, "xterm", "-c", startCatDaemon(t), action)
			tt.expect(followBanner + "\r\n")
			tt.expect("tail")
			tt.send("\x03")
			if exit, rest := tt.finish(); exit != 0 || !strings.HasSuffix(rest, want) {
				t.Errorf("exit %d, rest %q", exit, rest)
			}
		})
	}
}

func TestPasswordOnTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sock := filepath.Join(dir, "s.sock")
	listener, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	d := &catDaemon{}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "me" || password != "pa:ss" {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		d.ServeHTTP(w, r)
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	defer func() {
		server.Close()
		<-done
	}()
	tt := startOnTerminal(t, "xterm", "-i", "-s", "unix://"+sock, "pid")
	tt.expect("Server requires authentication\r\nUsername:")
	tt.send("me\r")
	tt.expect("Password:")
	tt.send("pa:ss\r")
	if exit, rest := tt.finish(); exit != 0 || rest != "\r\n\r\n6145\r\n" {
		t.Errorf("exit %d, rest %q", exit, rest)
	}
}

// TestControlCharactersEscapedOnTerminal checks that a name can't send commands to a
// terminal. A pipe gets the characters unchanged.
func TestControlCharactersEscapedOnTerminal(t *testing.T) {
	t.Parallel()
	conf := startCatDaemon(t)
	const name = "a\x1b[31mb\u009bc"
	for _, action := range []string{"status", "help", "nonsense"} {
		tt := startOnTerminal(t, "xterm", "-c", conf, action, name)
		if _, rest := tt.finish(); !strings.Contains(rest, `a\x1b[31mb\xc2\x9bc`) || strings.Contains(rest, "\x1b") {
			t.Errorf("%s on a terminal: %q", action, rest)
		}
	}
	cmd := exec.Command(os.Args[0], "-c", conf, "status", name)
	cmd.Env = append(os.Environ(), asMain+"=1", goraceEnv)
	if out, _ := cmd.Output(); string(out) != name+": ERROR (no such process)\n" {
		t.Errorf("in a pipe: %q", out)
	}
	var shown bytes.Buffer
	server := &scriptedServer{t: t, script: []exchange{{
		"getAllProcessInfo", `[{"group":"g","name":"\u001b[2J","statename":"FATAL","description":"\u001b]0;title\u0007"}]`,
	}, {
		"getAllProcessRuns 0", `[]`,
	}}}
	newTestSession(server.dial, &shown, nil, session.Options{Terminal: true}).Run(nil, nil, []string{"status"})
	got := shown.String()
	if strings.Contains(got, "\x1b[2") || strings.Contains(got, "\x1b]") || !strings.Contains(got, `g:\x1b[2J `) || !strings.Contains(got, `\x1b]0;title\x07`) {
		t.Errorf("status: %q", got)
	}
}
