package security

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervisord/tools/testkit/e2e"
)

// basic is the name and the value of the header that has these credentials.
func basic(username, word string) []string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(username, word)
	return []string{"Authorization", r.Header.Get("Authorization")}
}

// addTCPServer adds a TCP server whose password is hashed at this cost. Where a test tries
// many wrong passwords one after the other, the cost must be low, so that no request
// waits longer than the server allows.
func addTCPServer(d *e2e.Daemon, word string, cost int) *browser {
	d.T.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(word), cost)
	if err != nil {
		d.T.Fatal(err)
	}
	port := e2e.FreePort(d.T)
	d.Write("supervisord.conf", d.Read("supervisord.conf")+
		fmt.Sprintf("[inet_http_server]\nport=127.0.0.1:%d\nusername=user\npassword={bcrypt}%s\n", port, hash))
	return tcpBrowser(d.T, port)
}

// addresses lists all paths that the pages link to, and those that clients use.
func addresses(b *browser, credentials []string) []string {
	links := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	list := []string{"/", "/RPC2", "/logtail/p", "/logtail/p/stderr", "/mainlogtail", "/ok.html", "/favicon.ico"}
	for i := 0; i < len(list); i++ {
		if i > 0 && !strings.Contains(list[i], ".html") {
			continue // not a page
		}
		_, body := b.request("GET", list[i], credentials...)
		for _, link := range links.FindAllStringSubmatch(body, -1) {
			path := "/" + strings.TrimPrefix(strings.ReplaceAll(link[1], "&amp;", "&"), "/")
			if !strings.Contains(path, "://") && !slices.Contains(list, path) {
				list = append(list, path)
			}
		}
	}
	return list
}

// TestEveryURLNeedsCredentials follows all links of the pages, and requests each path
// without credentials and with wrong ones.
func TestEveryURLNeedsCredentials(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sleep 600\n")
	b := addTCPServer(d, "se:cret", bcrypt.MinCost)
	d.Start()
	d.AwaitRunning("p")
	right := basic("user", "se:cret")
	b.expect(http.StatusOK, "tail.html", "GET", "/", right...)
	list := addresses(b, right)
	if len(list) < 10 || !slices.ContainsFunc(list, func(a string) bool { return strings.Contains(a, "tail.html") }) {
		t.Fatalf("too few paths: %v", list)
	}
	for _, path := range list {
		for _, method := range []string{"GET", "POST"} {
			b.expect(http.StatusUnauthorized, "Error code 401", method, path)
		}
	}
	for _, wrong := range [][]string{basic("user", "secret"), basic("", ""), basic("use", "se:cret")} {
		b.expect(http.StatusUnauthorized, "Error code 401", "POST", "/RPC2", wrong...)
	}
}

// TestPasswordGuessing tries many passwords. That takes less than half a processor, and a
// client that was accepted before is answered at once.
func TestPasswordGuessing(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sleep 600\n")
	b := addTCPServer(d, "secret", bcrypt.DefaultCost)
	d.Start()
	d.AwaitRunning("p")
	right := basic("user", "secret")
	b.expect(http.StatusOK, "OK", "GET", "/ok.html", right...)
	before, begun := cpuTime(d.PID()), time.Now()
	var guessing atomic.Int32
	guessing.Store(50)
	for i := range guessing.Load() {
		guess := *b // the server closes connections with wrong passwords
		t.Cleanup(guess.CloseIdleConnections)
		go func() {
			defer guessing.Add(-1)
			r, _ := http.NewRequest(http.MethodGet, b.base+"/", http.NoBody)
			r.SetBasicAuth("user", fmt.Sprint(i))
			if resp, err := guess.Do(r); err == nil {
				resp.Body.Close()
			}
		}()
	}
	for range 20 {
		b.expect(http.StatusOK, "OK", "GET", "/ok.html", right...)
	}
	if guessing.Load() == 0 {
		t.Error("a known client had to wait for all guesses")
	}
	for guessing.Load() > 0 && time.Since(begun) < 3*time.Second {
		time.Sleep(50 * time.Millisecond)
	}
	if used := cpuTime(d.PID()) - before; used > time.Since(begun)/2 {
		t.Errorf("guessing took %v of processor time in %v", used, time.Since(begun))
	}
}

// cpuTime is the processor time that a process has used.
func cpuTime(pid int) time.Duration {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// withoutCapability is a command that runs another one as root without a capability.
func withoutCapability(t *testing.T, name string) []string {
	t.Helper()
	e2e.Need(t, "setpriv")
	e2e.NeedRoot(t, "drop capabilities")
	return []string{"setpriv", "--bounding-set=-" + name, "--inh-caps=-" + name}
}

// TestFailedPrivilegeDrop checks that the daemon ends if it can't become its user, and
// doesn't go on as root.
func TestFailedPrivilegeDrop(t *testing.T) {
	t.Parallel()
	for capability, want := range map[string]string{
		"setuid": "Error: setuid: EPERM\n",
		"setgid": "Error: Could not set groups of effective user\n",
	} {
		wrapper := withoutCapability(t, capability)
		d := e2e.NewDaemon(t)
		d.Configure("[program:p]\ncommand=touch " + d.Path("ran") + "\n")
		d.AddOptions("user=nobody")
		argv := append(wrapper, "supervisord", "-c", d.Path("supervisord.conf"))
		out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || !strings.HasPrefix(string(out), want) {
			t.Errorf("without %s: %v, %s", capability, err, out)
		}
		for _, name := range []string{"ran", "s.sock", "supervisord.log", "supervisord.pid"} {
			if d.Exists(name) {
				t.Errorf("without %s there is %s", capability, name)
			}
		}
	}
}

// checkNeverAsRoot starts programs that must fail: they could only run as root.
func checkNeverAsRoot(d *e2e.Daemon, want string, wrapper ...string) {
	d.T.Helper()
	d.Configure(fmt.Sprintf("[program:p]\ncommand=touch %[1]s/ran\nuser=nobody\nstartretries=1\nstderr_logfile=%[1]s/p.err\n"+
		"[program:masked]\ncommand=touch %[1]s/ran\nuser=nobody\numask=0\ndirectory=/\nstartretries=1\n", d.Dir))
	d.AddOptions("minprocs=1")
	if err := os.Chmod(d.Dir, 0o777); err != nil { // for any user
		d.T.Fatal(err)
	}
	d.StartUnder(wrapper...)
	for _, name := range []string{"p", "masked"} {
		d.AwaitStatus(name, "FATAL")
	}
	if d.Exists("ran") {
		d.T.Error("the program ran")
	}
	if got := d.Read("p.err"); !strings.HasPrefix(got, want) {
		d.T.Errorf("stderr: %q", got)
	}
}

func TestProgramNeverRunsAsRoot(t *testing.T) {
	t.Parallel()
	for capability, want := range map[string]string{
		"setuid": "supervisor: couldn't setuid to 65534: setuid: EPERM\n",
		"setgid": "supervisor: couldn't setuid to 65534: Could not set groups of effective user\n",
	} {
		checkNeverAsRoot(e2e.NewDaemon(t), want, withoutCapability(t, capability)...)
	}
}

// TestUserAtProcessLimit runs a program as a user with too many processes. The kernel lets
// a process become that user, and then refuses to execute anything.
func TestUserAtProcessLimit(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "prlimit")
	withoutCapability(t, "setuid")
	for range 20 {
		cmd := exec.Command("sleep", "600")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}()
	}
	checkNeverAsRoot(e2e.NewDaemon(t), "supervisor: couldn't exec touch: EAGAIN\n", "prlimit", "--nproc=15:15", "--")
}

// readOnlyRoot is a daemon that runs as a user that no file knows, where the root file
// system is read-only. It serves pages on a TCP port.
type readOnlyRoot struct {
	*e2e.Daemon
	out lockedBuffer // stdout of the daemon
}

// startReadOnly starts the daemon and waits until both programs run. If writable, the
// directory run can be written, and has the log, the pidfile and the unix socket.
func startReadOnly(t *testing.T, writable bool) *readOnlyRoot {
	t.Helper()
	e2e.NeedNamespaces(t, "--mount")
	d := &readOnlyRoot{Daemon: e2e.NewDaemon(t)}
	port := e2e.FreePort(t)
	d.Configure("[program:p]\ncommand=sh -c 'id -u; exec sleep 600'\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n" +
		"stderr_logfile=NONE\n[program:q]\ncommand=sleep 600\nstdout_logfile=NONE\nstderr_logfile=NONE\n")
	conf, mount := d.Read("supervisord.conf"), ""
	if writable {
		conf = strings.ReplaceAll(conf, d.Dir+"/s", d.Dir+"/run/s")
		mount = `mount -t tmpfs -o mode=777 none "$0/run" && `
	} else {
		conf = regexp.MustCompile(`(?s)\[unix_http_server\]\nfile=[^\n]*`).ReplaceAllString(conf, "")
		conf = strings.Replace(conf, d.Path("supervisord.log"), "/dev/null", 1)
	}
	d.Write("supervisord.conf", conf+fmt.Sprintf("[inet_http_server]\nport=127.0.0.1:%d\n", port))
	d.Mkdir("run")
	user := d.PrepareForUser(e2e.UnknownUID)
	script := `mount --make-rprivate / && ` + mount + `mount -o remount,bind,ro / && exec "$@"`
	argv := append([]string{"unshare", "--mount", "sh", "-ec", script, d.Dir}, user...)
	argv = append(argv, d.Path("supervisord"), "-n", "-c", d.Path("supervisord.conf"))
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout = &d.out
	d.Launch(cmd)
	d.Await("both programs run", func() bool {
		page, err := e2e.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		return err == nil && strings.Count(page, "uptime") == 2
	})
	d.Await("the output of the program", func() bool { return strings.Contains(d.out.String(), fmt.Sprintf("\n%d\n", e2e.UnknownUID)) })
	return d
}

func (d *readOnlyRoot) stop() {
	d.T.Helper()
	d.Signal(syscall.SIGTERM)
	d.ExpectExit()
}

// TestNothingWritable checks that the daemon runs, and warns once of what it can't write.
func TestNothingWritable(t *testing.T) {
	t.Parallel()
	d := startReadOnly(t, false)
	if !strings.Contains(d.out.String(), "could not write pidfile") {
		t.Error("there is no warning of the pidfile")
	}
	if n := strings.Count(d.out.String(), "will not be taken over"); n != 1 {
		t.Errorf("%d warnings that nothing will be taken over", n)
	}
	d.stop()
}

// TestOneDirectoryWritable checks that this is enough for supervisorctl.
func TestOneDirectoryWritable(t *testing.T) {
	t.Parallel()
	d := startReadOnly(t, true)
	ctl := exec.Command("supervisorctl", "-s", "unix://"+d.PathInNamespace("run/s.sock"), "restart", "p")
	if got, err := ctl.Output(); string(got) != "p: stopped\np: started\n" {
		t.Errorf("restart: %s, %v", got, err)
	}
	d.stop()
}

// lockedBuffer can be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
