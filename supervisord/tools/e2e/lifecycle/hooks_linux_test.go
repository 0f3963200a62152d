package lifecycle

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

// pidsIn reads the pids that processes wrote to a file, one a line.
func pidsIn(d *e2e.Daemon, name string) (pids []int) {
	for f := range strings.FieldsSeq(d.Read(name)) {
		if pid, err := strconv.Atoi(f); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// startWithHooks starts web, which has an env_file and all hooks. Each hook adds a line
// with its environment to the file notes.
func startWithHooks(t *testing.T) *e2e.Daemon {
	t.Helper()
	d := e2e.NewDaemon(t)
	d.Write("app.env", "# of the program\nGREETING=\"hello \\\n world\"\nAPI_TOKEN=abc\nMARK\n")
	note := d.WriteScript("note", `echo "$SUPERVISOR_HOOK $GREETING $USER pid=$SUPERVISOR_PID exit=$SUPERVISOR_EXIT_STATUS/$SUPERVISOR_EXIT_SIGNAL" >>`+d.Path("notes")+`
echo "stdout of $SUPERVISOR_HOOK"; echo "stderr of $SUPERVISOR_HOOK" >&2
`)
	d.Configure(fmt.Sprintf(`[program:web]
command=sh -c 'echo $GREETING; exec sleep 1000'
env_file=%[1]s/app.env, -%[1]s/none
user_env=true
startsecs=0
stdout_logfile=%[1]s/web.log
stderr_logfile=%[1]s/web.err
pre_start=%[2]s
post_start=%[2]s
pre_stop=%[2]s
post_stop=%[2]s
`, d.Dir, note))
	d.Start()
	d.AwaitRunning("web")
	d.AwaitText("notes", "post_start")
	return d
}

// TestHooks checks the order, the environment and the output of the hooks.
func TestHooks(t *testing.T) {
	t.Parallel()
	d := startWithHooks(t)
	pid := d.ProgramPID("web")
	d.AwaitText("web.log", "hello world\n")
	d.ExpectCtl("stop web", "web: stopped\n")
	want := fmt.Sprintf("pre_start hello  world root pid= exit=/\npost_start hello  world root pid=%[1]d exit=/\n"+
		"pre_stop hello  world root pid=%[1]d exit=/\npost_stop hello  world root pid=%[1]d exit=-1/SIGTERM\n", pid)
	if os.Getuid() != 0 {
		want = strings.ReplaceAll(want, "root", os.Getenv("USER"))
	}
	if got := d.Read("notes"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := d.Read("web.log"); got != "hello world\n" {
		t.Errorf("stdout: %q", got)
	}
	if got := d.Read("web.err"); !strings.Contains(got, "stdout of pre_stop\nstderr of pre_stop\n") {
		t.Errorf("stderr: %q", got)
	}
}

// TestEnvFileIsReadAtEachStart also checks what supervisorctl env shows of it.
func TestEnvFileIsReadAtEachStart(t *testing.T) {
	t.Parallel()
	d := startWithHooks(t)
	d.AwaitText("web.log", "hello world\n")
	d.Ctl("stop", "web")
	d.Write("app.env", "GREETING=changed\n")
	d.Ctl("start", "web")
	d.Await("the new value", func() bool { return strings.HasSuffix(d.Read("web.log"), "changed\n") })

	d.Write("app.env", "GREETING=hello\nAPI_TOKEN=abc\nURL=http://me:xyz@host/\n")
	shown := d.Ctl("env", "web")
	for _, line := range []string{"API_TOKEN=********", "URL=http://me:********@host/", "GREETING=hello", "SUPERVISOR_PROCESS_NAME=web"} {
		if !strings.Contains(shown, line+"\n") {
			t.Errorf("%s is not in\n%s", line, shown)
		}
	}
	if shown := d.Ctl("env", "web", "--reveal"); !strings.Contains(shown, "API_TOKEN=abc\n") {
		t.Errorf("not revealed:\n%s", shown)
	}
}

// TestStartIsPrevented by a pre_start that fails, and by an env_file that is missing.
func TestStartIsPrevented(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[program:hook]
command=sleep 1000
pre_start=sh -c "exit 2"
startretries=0
[program:env]
command=sleep 1000
env_file=` + d.Path("missing.env") + `
startretries=0
`)
	d.Start()
	d.AwaitStatus("hook", "FATAL pre_start exited with status 2")
	d.AwaitStatus("env", "FATAL")
	d.ExpectCtl("env env", "env: ERROR (env_file: "+d.Path("missing.env")+": no such file or directory)\n")
	var reported []struct {
		Name, State string
		Causes      []struct{ Kind, Text string }
	}
	if err := json.Unmarshal([]byte(d.Ctl("why", "env", "--json")), &reported); err != nil {
		t.Fatal(err)
	}
	if len(reported) != 1 || reported[0].State != "FATAL" || !strings.Contains(reported[0].Causes[0].Text, "missing.env: no such file") {
		t.Errorf("why: %+v", reported)
	}
}

// TestHookAcrossCrash checks that hooks which ran when the daemon was killed or upgraded
// are killed and run again, and that a start can be stopped during its pre_start.
func TestHookAcrossCrash(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	slow := d.WriteScript("slow", `echo $$ >>`+d.Path("")+`/$SUPERVISOR_HOOK
[ -e `+d.Path("go")+` ] || exec sleep 1000
`)
	d.Configure(fmt.Sprintf(`[program:starting]
command=sleep 1000
pre_start=%[1]s
hook_timeout=60
[program:stopping]
command=sleep 1000
post_stop=%[1]s
hook_timeout=60
`, slow))
	d.Start()
	d.AwaitRunning("stopping")
	first := d.ProgramPID("stopping")
	d.Await("pre_start", func() bool { return len(pidsIn(d, "pre_start")) == 1 })
	_, stopEnded := d.StartCtl("stop", "stopping")
	d.Await("post_stop", func() bool { return len(pidsIn(d, "post_stop")) == 1 })
	status := d.Ctl("status")
	if !strings.Contains(status, "STARTING") || !strings.Contains(status, "STOPPING") || e2e.Alive(first) {
		t.Errorf("status:\n%s", status)
	}
	if out := d.Ctl("why", "starting"); !strings.Contains(out, "hook: pre_start is running") {
		t.Errorf("why: %s", out)
	}

	d.Crash()
	<-stopEnded
	d.Start()
	d.Await("both hooks run again", func() bool { return len(pidsIn(d, "pre_start")) == 2 && len(pidsIn(d, "post_stop")) == 2 })
	for _, hook := range []string{"pre_start", "post_stop"} {
		pid := pidsIn(d, hook)[0]
		d.AwaitEnd(pid)
	}

	// The same across an upgrade.
	d.Upgrade()
	d.Await("both hooks run for the third time", func() bool { return len(pidsIn(d, "pre_start")) == 3 && len(pidsIn(d, "post_stop")) == 3 })
	d.Await("the second hooks have ended", func() bool { return !e2e.Alive(pidsIn(d, "pre_start")[1]) && !e2e.Alive(pidsIn(d, "post_stop")[1]) })

	d.ExpectCtl("stop starting", "starting: stopped\n")
	d.Await("the end of pre_start", func() bool { return !e2e.Alive(pidsIn(d, "pre_start")[2]) })
	d.Write("go", "")
	e2e.Kill(t, pidsIn(d, "post_stop")[2])
	d.Await("both are STOPPED", func() bool { return strings.Count(d.Ctl("status"), "STOPPED") == 2 })
	d.ExpectCtl("start starting", "starting: started\n")
}

// TestRefreshOfNginx refreshes nginx with a broken configuration, which is reported and
// changes nothing, and with a good one, which it reads without a restart.
func TestRefreshOfNginx(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "nginx")
	d := e2e.NewDaemon(t)
	conf := func(answer string) {
		d.Write("nginx.conf", fmt.Sprintf(`pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log;
events { worker_connections 16; }
http {
	access_log off;
	client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
	server { listen unix:%[1]s/http.sock; location / { %[2]s } }
}
`, d.Dir, answer))
	}
	conf("return 200 one;")
	d.Configure(fmt.Sprintf(`[program:nginx]
command=nginx -c %[1]s/nginx.conf -e %[1]s/nginx.log -g "daemon off;"
reload_check=nginx -t -c %[1]s/nginx.conf
reload_signal=HUP
stopsignal=QUIT
[program:mute]
command=sleep 1000
`, d.Dir))
	d.Start()
	d.AwaitRunning("nginx", "mute")
	get := func() string {
		out, _ := exec.Command("curl", "-s", "--unix-socket", d.Path("http.sock"), "http://localhost/").Output()
		return string(out)
	}
	d.Await("the first answer", func() bool { return get() == "one" })
	pid := d.ProgramPID("nginx")

	conf("retrun 200 two;")
	out := d.Ctl("refresh", "nginx")
	if !strings.HasPrefix(out, "nginx: ERROR (nginx -t -c "+d.Path("nginx.conf")+": ") || !strings.Contains(out, "retrun") {
		t.Errorf("refresh: %s", out)
	}
	if got := get(); got != "one" {
		t.Errorf("the answer is %q", got)
	}
	conf("return 200 two;")
	d.ExpectCtl("refresh nginx", "nginx: refreshed\n")
	d.Await("the second answer", func() bool { return get() == "two" })
	d.ExpectPID("nginx", pid)
	d.ExpectCtl("refresh mute", "mute: ERROR (neither reload_signal nor reload_command is set)\n")
	d.ExpectCtl("refresh all", "nginx: refreshed\n")
	d.Ctl("stop", "nginx")
	d.ExpectCtl("refresh nginx", "nginx: ERROR (not running)\n")
}

// TestRemovalWaitsForPostStop checks that a program which has exited by itself is not
// removed or replaced before its post_stop has ended.
func TestRemovalWaitsForPostStop(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(d *e2e.Daemon) string{
		"remove": func(d *e2e.Daemon) string { return d.Ctl("remove", "brief") },
		"update": func(d *e2e.Daemon) string {
			d.EditConfig("exit 0", "exec sleep 1000")
			return d.Ctl("update")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			clean := d.WriteScript("clean", `touch `+d.Path("begun")+`
while [ ! -e `+d.Path("go")+` ]; do sleep 0.05; done
pgrep -f "sleep 1000" -P "$PPID" >`+d.Path("clean")+`
echo done >>`+d.Path("clean")+`
`)
			d.Configure("[program:brief]\ncommand=sh -c 'exit 0'\nstartsecs=0\nautorestart=false\npost_stop=" + clean + "\nhook_timeout=600\n")
			d.Start()
			d.AwaitFile("begun")
			out := make(chan string)
			go func() { out <- remove(d) }()
			select {
			case got := <-out:
				t.Fatalf("the removal did not wait: %s", got)
			case <-time.After(300 * time.Millisecond): // on a slow machine this may miss a fault, but never reports one wrongly
			}
			d.Touch("go")
			if got := <-out; !strings.Contains(got, "brief: ") {
				t.Error(got)
			}
			if got := d.Read("clean"); got != "done\n" {
				t.Errorf("the hook wrote %q", got)
			}
		})
	}
}
