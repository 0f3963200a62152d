package security

import (
	"errors"
	"fmt"
	"io"
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

// basic is the header of credentials.
func basic(username, word string) []string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(username, word)
	return []string{"Authorization", r.Header.Get("Authorization")}
}

// addTCPServer adds a TCP server whose password has been hashed at that cost. Where many
// wrong ones are to be refused one after the other it must be low, so that none waits
// longer than a server lets it.
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

// addresses lists everything that the pages lead to, and what clients call.
func addresses(b *browser, credentials []string) []string {
	links := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	list := []string{"/", "/RPC2", "/logtail/p", "/logtail/p/stderr", "/mainlogtail", "/ok.html", "/favicon.ico"}
	for i := 0; i < len(list); i++ {
		if i > 0 && !strings.Contains(list[i], ".html") {
			continue // a file, or a log without an end
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

// TestEveryURLNeedsCredentials follows all links of the pages, and asks for
// each without credentials and with wrong ones. The password is a bcrypt hash.
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
		t.Fatalf("found too few: %v", list)
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

// TestPasswordGuessing: those who try passwords cost less than half a processor and
// keep nobody from being answered who has passed before.
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
		guess := *b // its connections can't be counted on after a refusal
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
		t.Error("a known client is answered after all who guess")
	}
	for guessing.Load() > 0 && time.Since(begun) < 3*time.Second {
		time.Sleep(50 * time.Millisecond)
	}
	if used := cpuTime(d.PID()) - before; used > time.Since(begun)/2 {
		t.Errorf("guessing took %v of %v", used, time.Since(begun))
	}
}

// cpuTime is how long a process has computed.
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

// withoutCapability runs a command as root that lacks one.
func withoutCapability(t *testing.T, name string) []string {
	t.Helper()
	e2e.Need(t, "setpriv")
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root has capabilities to lose")
	}
	return []string{"setpriv", "--bounding-set=-" + name, "--inh-caps=-" + name}
}

// TestFailedPrivilegeDrop: the daemon doesn't go on as root if it can't be
// who it is to be.
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

// checkNeverAsRoot starts a program that must not run, for it would run as root.
func checkNeverAsRoot(d *e2e.Daemon, want string, wrapper ...string) {
	d.T.Helper()
	d.Configure(fmt.Sprintf("[program:p]\ncommand=touch %[1]s/ran\nuser=nobody\nstartretries=1\nstderr_logfile=%[1]s/p.err\n"+
		"[program:masked]\ncommand=touch %[1]s/ran\nuser=nobody\numask=0\ndirectory=/\nstartretries=1\n", d.Dir))
	d.AddOptions("minprocs=1")
	if err := os.Chmod(d.Dir, 0o777); err != nil { // whoever it ran as
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

// TestUserAtProcessLimit: the kernel lets a process become such a user,
// and then refuses to execute anything.
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

// TestReadOnlyRoot: as a user that no file knows, where nothing, or next to
// nothing, can be written.
func TestReadOnlyRoot(t *testing.T) {
	t.Parallel()
	e2e.NeedNamespaces(t, "--mount")
	for name, writable := range map[string]bool{"nothing writable": false, "one directory writable": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			port := e2e.FreePort(t)
			d.Configure("[program:p]\ncommand=sh -c 'id -u; exec sleep 600'\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n" +
				"stderr_logfile=NONE\n[program:q]\ncommand=sleep 600\nstdout_logfile=NONE\nstderr_logfile=NONE\n")
			conf := d.Read("supervisord.conf")
			if writable {
				conf = strings.ReplaceAll(conf, d.Dir+"/s", d.Dir+"/run/s")
			} else {
				conf = regexp.MustCompile(`(?s)\[unix_http_server\]\nfile=[^\n]*`).ReplaceAllString(conf, "")
				conf = strings.Replace(conf, d.Path("supervisord.log"), "/dev/null", 1)
			}
			d.Write("supervisord.conf", conf+fmt.Sprintf("[inet_http_server]\nport=127.0.0.1:%d\n", port))
			if err := os.Mkdir(d.Path("run"), 0o777); err != nil {
				t.Fatal(err)
			}
			user := d.PrepareForUser(e2e.UnknownUID)
			script := `mount --make-rprivate / && { [ -z "$1" ] || mount -t tmpfs -o mode=777 none "$0/run"; } && mount -o remount,bind,ro / && shift && exec "$@"`
			keep := ""
			if writable {
				keep = "yes"
			}
			argv := append([]string{"unshare", "--mount", "sh", "-ec", script, d.Dir, keep}, user...)
			argv = append(argv, d.Path("supervisord"), "-n", "-c", d.Path("supervisord.conf"))
			cmd := exec.Command(argv[0], argv[1:]...)
			var out lockedBuffer
			cmd.Stdout = &out
			d.Launch(cmd)
			b := tcpBrowser(t, port)
			d.Await("both programs", func() bool {
				resp, err := b.Get(b.base + "/")
				if err != nil {
					return false
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				return strings.Count(string(body), "uptime") == 2
			})
			d.Await("the program's output", func() bool { return strings.Contains(out.String(), fmt.Sprintf("\n%d\n", e2e.UnknownUID)) })
			if !writable && !strings.Contains(out.String(), "could not write pidfile") {
				t.Error("nothing is said of the pidfile")
			}
			if n := strings.Count(out.String(), "will not be taken over"); !writable && n != 1 {
				t.Errorf("it is said %d times that nothing will be taken over", n)
			}
			if writable {
				ctl := exec.Command("supervisorctl", "-s", "unix://"+d.PathInNamespace("run/s.sock"), "restart", "p")
				if got, err := ctl.Output(); string(got) != "p: stopped\np: started\n" {
					t.Errorf("restart: %s, %v", got, err)
				}
			}
			d.Signal(syscall.SIGTERM)
			d.ExpectExit()
		})
	}
}

// lockedBuffer is read while it is written to.
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
