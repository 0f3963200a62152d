package rolling

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

// How often everything is done to a site under load. SUPERVISOR_LOAD=full is
// what docs/rolling.md tells the figures of.
type loadPlan struct{ rollings, upgrades, crashes, scales int }

func loadPlanFromEnv() loadPlan {
	if os.Getenv("SUPERVISOR_LOAD") == "full" {
		return loadPlan{rollings: 20, upgrades: 5, crashes: 5, scales: 10}
	}
	return loadPlan{rollings: 1, upgrades: 1, crashes: 1, scales: 2}
}

// TestNoRequestFails does to gunicorn behind nginx whatever an operator does,
// and what no operator wants, while clients ask for pages without a pause.
func TestNoRequestFails(t *testing.T) {
	t.Parallel()
	d := newWebStack(t, webConf)
	d.Start()
	d.AwaitRunning("web:web_0", "web:web_1", "web:web_2", "nginx")
	d.Await("the page", d.serves)
	nginx := d.ProgramPID("nginx")
	load := d.startLoad()
	todo := loadPlanFromEnv()
	for i := range todo.rollings {
		d.rollingRestart(i)
	}
	for range todo.upgrades {
		d.Upgrade()
	}
	for range todo.crashes {
		d.crash()
	}
	for i := range todo.scales {
		by := [...]string{"+2", "-2"}[i%2]
		if out := d.Ctl("scale", "web", by); strings.Contains(out, "ERROR") {
			t.Errorf("scale web %s: %s", by, out)
		}
	}
	d.rollingRestart(todo.rollings)
	load.stop()
	t.Logf("%+v and one more rolling restart: %s", todo, load.result)
	if load.failed > 0 {
		t.Errorf("%d of %d requests failed: %s\n%s", load.failed, load.requests, load.result, d.Read("nginx.log"))
	}
	if load.requests < 100 {
		t.Errorf("there were only %d requests", load.requests)
	}
	if d.ProgramPID("nginx") != nginx {
		t.Error("nginx was restarted")
	}
}

// TestSupervisorFailsRequests counts what the same load meets at the real
// Supervisor, which has nothing but restart.
func TestSupervisorFailsRequests(t *testing.T) {
	if os.Getenv("SUPERVISOR_LOAD") != "full" {
		t.Skip("SKIPPED: it is only for comparison: SUPERVISOR_LOAD=full")
	}
	const daemon, client = "/usr/bin/supervisord", "/usr/bin/supervisorctl"
	e2e.Need(t, daemon, client)
	d := newWebStack(t, supervisorWebConf)
	d.Launch(exec.Command(daemon, "-s", "-c", d.Path("supervisord.conf")))
	d.AwaitRunning("web", "nginx")
	d.Await("the page", d.serves)
	load := d.startLoad()
	for range loadPlanFromEnv().rollings {
		out, err := exec.Command(client, "-c", d.Path("supervisord.conf"), "restart", "web").CombinedOutput()
		if err != nil {
			t.Errorf("restart: %v: %s", err, out)
		}
		d.Await("the page", d.serves)
	}
	load.stop()
	t.Logf("Supervisor, %d restarts: %s", loadPlanFromEnv().rollings, load.result)
	if load.failed == 0 {
		t.Error("none failed: what is this test about?")
	}
}

// webStack is an application under gunicorn, behind nginx.
type webStack struct {
	*e2e.Daemon
	url string // of nginx
}

// Three gunicorns share one socket that the daemon listens on.
const webConf = `
[socket:web]
listen = tcp://127.0.0.1:%[4]d
[program:web]
command = %[1]s app:app --workers 1 --graceful-timeout 20 --bind fd://3
process_name = %%(program_name)s_%%(process_num)d
numprocs = 3
directory = %[2]s
user = %[3]s
sockets = web
ready = notify
rolling_surge = 1
stopwaitsecs = 30
redirect_stderr = true
stdout_logfile = %[2]s/web.log
`

// The same number of workers, as one has them at Supervisor.
const supervisorWebConf = `
[program:web]
command = %[1]s app:app --workers 3 --graceful-timeout 20 --bind 127.0.0.1:%[4]d
directory = %[2]s
user = %[3]s
stopwaitsecs = 30
redirect_stderr = true
stdout_logfile = %[2]s/web.log
`

func newWebStack(t *testing.T, web string) *webStack {
	e2e.Need(t, "gunicorn", "nginx", "python3")
	d := &webStack{Daemon: e2e.NewDaemon(t)}
	if err := os.Chmod(d.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	d.Write("app.py", flaskApp)
	front, back := e2e.FreePort(t), e2e.FreePort(t)
	d.url = fmt.Sprintf("http://127.0.0.1:%d", front)
	d.Write("nginx.conf", fmt.Sprintf(nginxConf, d.Dir, front, back))
	name := "nobody"
	if os.Getuid() != 0 {
		u, err := user.Current()
		if err != nil {
			t.Fatal(err)
		}
		name = u.Username
	}
	gunicorn, _ := exec.LookPath("gunicorn")
	nginx, _ := exec.LookPath("nginx")
	d.Configure(fmt.Sprintf(web, gunicorn, d.Dir, name, back) + fmt.Sprintf(`
[program:nginx]
command = %s -e stderr -c %s/nginx.conf -p %s
stopsignal = QUIT
redirect_stderr = true
stdout_logfile = %s/nginx.log
`, nginx, d.Dir, d.Dir, d.Dir))
	return d
}

func (d *webStack) serves() bool {
	body, err := e2e.Get(d.url + "/")
	return err == nil && body == "Hello World"
}

// rollingRestart restarts all of web, one after the other.
func (d *webStack) rollingRestart(i int) {
	d.T.Helper()
	before := d.pids()
	out := d.Ctl("rolling-restart", "web:*")
	if strings.Contains(out, "ERROR") {
		d.T.Errorf("rolling restart %d: %s", i, out)
	}
	after := d.pids()
	for name, pid := range before {
		if after[name] == pid {
			d.T.Errorf("rolling restart %d left %s as it was: %s", i, name, out)
		}
	}
	if len(after) != len(before) {
		d.T.Errorf("rolling restart %d: of %v became %v", i, before, after)
	}
}

// pids are those of all RUNNING processes of web, by name.
func (d *webStack) pids() map[string]string {
	pids := make(map[string]string)
	for line := range strings.Lines(d.Ctl("status", "web:*")) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == "RUNNING" {
			pids[f[0]] = f[3]
		}
	}
	return pids
}

// crash kills the daemon and starts another one.
func (d *webStack) crash() {
	d.T.Helper()
	before := d.pids()
	e2e.Kill(d.T, d.PID())
	_ = d.Cmd.Wait()
	d.Cmd = exec.Command("supervisord", "-s", "-c", d.Path("supervisord.conf"))
	d.Cmd.Stderr = os.Stderr
	if err := d.Cmd.Start(); err != nil {
		d.T.Fatal(err)
	}
	d.Await("the programs to be adopted", func() bool { return len(d.pids()) == len(before) })
	for name, pid := range d.pids() {
		if before[name] != pid {
			d.T.Errorf("the crash cost %s, which was %s", name, before[name])
		}
	}
}

// loadGenerator is clients that ask for pages without a pause.
type loadGenerator struct {
	t      *testing.T
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu               sync.Mutex
	requests, failed int
	result           string
}

// startLoad begins to ask for pages: with wrk in full, with a few clients of our own
// otherwise, who leave some of the machine to other tests.
func (d *webStack) startLoad() *loadGenerator {
	ctx, cancel := context.WithCancel(d.T.Context())
	l := &loadGenerator{t: d.T, cancel: cancel}
	if os.Getenv("SUPERVISOR_LOAD") == "full" {
		e2e.Need(d.T, "wrk")
		l.ended.Go(func() { l.runWrk(ctx, d.url) })
		return l
	}
	for range 4 {
		l.ended.Go(func() { l.requestLoop(ctx, d.url) })
	}
	return l
}

func (l *loadGenerator) stop() {
	l.cancel()
	l.ended.Wait()
	if l.result == "" {
		l.result = fmt.Sprintf("%d requests", l.requests)
	}
}

// requestLoop asks again and again, and remembers the last failure.
func (l *loadGenerator) requestLoop(ctx context.Context, url string) {
	client := http.Client{Timeout: e2e.Timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		failure := ""
		r, err := client.Get(url + "/")
		if err == nil {
			var body []byte
			body, err = io.ReadAll(r.Body)
			r.Body.Close()
			if err == nil && (r.StatusCode != http.StatusOK || string(body) != "Hello World") {
				failure = r.Status
			}
		}
		if err != nil {
			failure = err.Error()
		}
		l.mu.Lock()
		l.requests++
		if failure != "" {
			l.failed++
			l.result = failure
		}
		l.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// runWrk runs wrk until ctx ends. It tells what it has seen when it is interrupted.
func (l *loadGenerator) runWrk(ctx context.Context, url string) {
	cmd := exec.Command("wrk", "-t1", "-c8", "-d1h", "--timeout", "300s", url+"/")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		l.t.Error(err)
		return
	}
	<-ctx.Done()
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	number := func(pattern string) (sum int) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(out.String(), -1) {
			for _, digits := range m[1:] {
				n, _ := strconv.Atoi(digits)
				sum += n
			}
		}
		return sum
	}
	l.requests = number(`(\d+) requests in`)
	l.failed = number(`Non-2xx or 3xx responses: (\d+)`) + number(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	l.result = fmt.Sprintf("%d requests, %d failed (wrk: %s)", l.requests, l.failed, strings.Join(strings.Fields(out.String()), " "))
}
