package rolling

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

// loadPlan is how often each change is made under load. docs/rolling.md has the
// figures of SUPERVISOR_LOAD=full.
type loadPlan struct{ rollings, upgrades, crashes, scales int }

func loadPlanFromEnv() loadPlan {
	if os.Getenv("SUPERVISOR_LOAD") == "full" {
		return loadPlan{rollings: 20, upgrades: 5, crashes: 5, scales: 10}
	}
	return loadPlan{rollings: 1, upgrades: 1, crashes: 1, scales: 2}
}

// TestNoRequestFails restarts, scales, upgrades and crashes while clients ask gunicorn
// behind nginx for pages without a pause. No request may fail.
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

// TestSupervisorFailsRequests counts the requests that fail under the same load with
// Python Supervisor, which can only restart.
func TestSupervisorFailsRequests(t *testing.T) {
	if os.Getenv("SUPERVISOR_LOAD") != "full" {
		t.Skip("SKIPPED: a comparison, for SUPERVISOR_LOAD=full only")
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
		t.Error("no request failed, so the load shows nothing")
	}
}

// webStack is the stack with a program web of several processes.
type webStack struct{ *stack }

// webConf has three gunicorns on one socket of the daemon.
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

// supervisorWebConf has the same number of workers, as Python Supervisor can have them.
const supervisorWebConf = `
[program:web]
command = %[1]s app:app --workers 3 --graceful-timeout 20 --bind 127.0.0.1:%[4]d
directory = %[2]s
user = %[3]s
stopwaitsecs = 30
redirect_stderr = true
stdout_logfile = %[2]s/web.log
`

func newWebStack(t *testing.T, web string) webStack {
	t.Helper()
	d := webStack{newStack(t)}
	gunicorn, _ := exec.LookPath("gunicorn")
	d.Configure(fmt.Sprintf(web, gunicorn, d.app, d.user, d.port) + d.nginxSection())
	return d
}

// rollingRestart restarts all processes of web, one after the other.
func (d webStack) rollingRestart(i int) {
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
		d.T.Errorf("rolling restart %d: the processes were %v and are %v", i, before, after)
	}
}

// pids are those of all RUNNING processes of web, by name.
func (d webStack) pids() map[string]string {
	pids := make(map[string]string)
	for line := range strings.Lines(d.Ctl("status", "web:*")) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == "RUNNING" {
			pids[f[0]] = f[3]
		}
	}
	return pids
}

// crash kills the daemon and starts another one, which adopts all processes.
func (d webStack) crash() {
	d.T.Helper()
	before := d.pids()
	d.Crash()
	d.Start()
	d.Await("the programs are adopted", func() bool { return len(d.pids()) == len(before) })
	for name, pid := range d.pids() {
		if before[name] != pid {
			d.T.Errorf("%s has pid %s after the crash, not %s", name, pid, before[name])
		}
	}
}

// loadGenerator is clients that ask for pages without a pause, until stop.
type loadGenerator struct {
	t      *testing.T
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu               sync.Mutex
	requests, failed int
	result           string
}

// startLoad starts wrk for the full load, and otherwise a few clients that leave some
// of the machine to other tests.
func (d webStack) startLoad() *loadGenerator {
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

// requestLoop asks for pages until ctx ends, and keeps the last failure.
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

// runWrk runs wrk until ctx ends. wrk prints its figures when it is interrupted.
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
