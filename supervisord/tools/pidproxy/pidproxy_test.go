package pidproxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/pidproxy"
	"supervisor/supervisord/tools/testkit"
)

// asProxy is the argv[1] with which the test binary runs as pidproxy.
const asProxy = "pidproxy"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asProxy {
		os.Exit(pidproxy.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(testkit.BuildPrograms(m, testkit.ChildPackage).Run())
}

// proxy is a running pidproxy and the process that its pidfile names.
type proxy struct {
	*exec.Cmd
	target  *exec.Cmd
	pidfile string
	stdout  *bufio.Reader
	command io.Closer // ends the command
}

// start starts a proxy, and returns when its command runs. The proxy catches signals by
// then. The command ends at the end of its stdin.
func start(t *testing.T, program ...string) *proxy {
	t.Helper()
	p := &proxy{target: exec.Command("/bin/sleep", "600"), pidfile: filepath.Join(t.TempDir(), "pid")}
	if err := p.target.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.target.Process.Kill() })
	write(t, p.pidfile, fmt.Sprintf(" %d\n", p.target.Process.Pid))

	argv := append(append(program, p.pidfile), testkit.Command("say", "ready", "echo")...)
	p.Cmd = exec.Command(argv[0], argv[1:]...)
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.command = stdin
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	p.expect(t, "ready")
	return p
}

func startPidproxy(t *testing.T) *proxy { return start(t, testkit.Binary(), asProxy) }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *proxy) expect(t *testing.T, want string) {
	t.Helper()
	if line, err := p.stdout.ReadString('\n'); line != want+"\n" {
		t.Fatalf("printed %q (%v), want %q", line, err, want)
	}
}

func (p *proxy) send(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// targetSignal waits until the target has ended, and returns the signal that ended it.
func (p *proxy) targetSignal() syscall.Signal {
	p.target.Wait()
	return p.target.ProcessState.Sys().(syscall.WaitStatus).Signal()
}

func TestSignalsThatEndTheProxy(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := startPidproxy(t)
			p.send(t, sig)
			if got := p.targetSignal(); got != sig {
				t.Errorf("the daemon got %v", got)
			}
			if err := p.Wait(); err != nil {
				t.Errorf("the proxy: %v", err)
			}
		})
	}
}

func TestSignalsThatKeepTheProxyRunning(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := startPidproxy(t)
			p.send(t, sig)
			if got := p.targetSignal(); got != sig {
				t.Errorf("the daemon got %v", got)
			}
			os.Remove(p.pidfile)
			p.send(t, sig)
			p.expect(t, "Can't read child pidfile "+p.pidfile+"!") // it still runs
			p.command.Close()
			if err := p.Wait(); err != nil {
				t.Errorf("the proxy: %v", err)
			}
		})
	}
}

func TestInvalidPidfiles(t *testing.T) {
	t.Parallel()
	p := startPidproxy(t)
	for _, text := range []string{"", "\n", "x", "12 13", "0", "-1"} {
		write(t, p.pidfile, text)
		p.send(t, syscall.SIGTERM)
		p.expect(t, "Can't read child pidfile "+p.pidfile+"!")
	}
}

func TestTargetAlreadyExited(t *testing.T) {
	t.Parallel()
	p := startPidproxy(t)
	p.target.Process.Kill()
	p.target.Wait()
	p.send(t, syscall.SIGTERM)
	p.Wait()
	if got := p.ProcessState.ExitCode(); got != 1 {
		t.Errorf("exit status %d", got)
	}
}

func TestCommandThatCannotBeRun(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if status := pidproxy.Main([]string{"pidproxy", "pid", "sh"}, &stdout, &stderr); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if stdout.Len() > 0 || !strings.Contains(stderr.String(), "/sh: no such file or directory\n") {
		t.Errorf("printed %q and %q", &stdout, &stderr)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"pp"}, {"pp", "pidfile"}} {
		var stdout, stderr bytes.Buffer
		if status := pidproxy.Main(args, &stdout, &stderr); status != 1 {
			t.Errorf("%q: exit status %d", args, status)
		}
		if !strings.Contains(stdout.String(), "\nUsage: pp PIDFILE COMMAND [ARG ...]\n") || stderr.Len() > 0 {
			t.Errorf("%q: printed %q and %q", args, &stdout, &stderr)
		}
	}
}

// TestSupervisorPidproxyBehavesTheSame runs Supervisor's own pidproxy.
func TestSupervisorPidproxyBehavesTheSame(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("pidproxy")
	if err != nil {
		t.Skip("SKIPPED: there is no Supervisor to compare with")
	}
	p := start(t, path)
	p.send(t, syscall.SIGUSR1)
	if got := p.targetSignal(); got != syscall.SIGUSR1 {
		t.Errorf("the daemon got %v", got)
	}
	os.Remove(p.pidfile)
	p.send(t, syscall.SIGTERM)
	write(t, p.pidfile, "") // removed or empty, it has no pid
	p.command.Close()
	if err := p.Wait(); err != nil {
		t.Errorf("the proxy: %v", err)
	}
}
