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

// pids reads numbers that processes have left in a file, one a line.
func pidsIn(s *e2e.Daemon, name string) (pids []int) {
	for f := range strings.FieldsSeq(s.Read(name)) {
		if pid, err := strconv.Atoi(f); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestHooksAndEnvironmentOfAProgram(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Write("app.env", "# of the program\nGREETING=\"hello \\\n world\"\nAPI_TOKEN=abc\nMARK\n")
	note := s.WriteScript("note", `echo "$SUPERVISOR_HOOK $GREETING $USER pid=$SUPERVISOR_PID exit=$SUPERVISOR_EXIT_STATUS/$SUPERVISOR_EXIT_SIGNAL" >>`+s.Path("notes")+`
echo "said by $SUPERVISOR_HOOK"; echo "complained by $SUPERVISOR_HOOK" >&2
`)
	s.Configure(fmt.Sprintf(`[program:web]
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
[program:gate]
command=sleep 1000
pre_start=sh -c "exit 2"
startretries=0
[program:secretless]
command=sleep 1000
env_file=%[1]s/missing.env
startretries=0
`, s.Dir, note))
	s.Start()
	s.AwaitRunning("web")
	s.AwaitText("notes", "post_start")
	pid := s.ProgramPID("web")
	s.ExpectCtl("stop web", "web: stopped\n")
	want := fmt.Sprintf("pre_start hello  world root pid= exit=/\npost_start hello  world root pid=%[1]d exit=/\n"+
		"pre_stop hello  world root pid=%[1]d exit=/\npost_stop hello  world root pid=%[1]d exit=-1/SIGTERM\n", pid)
	if os.Getuid() != 0 {
		want = strings.ReplaceAll(want, "root", os.Getenv("USER"))
	}
	if got := s.Read("notes"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := s.Read("web.log"); got != "hello world\n" {
		t.Errorf("stdout: %q", got)
	}
	if got := s.Read("web.err"); !strings.Contains(got, "said by pre_stop\ncomplained by pre_stop\n") {
		t.Errorf("stderr: %q", got)
	}

	s.Write("app.env", "GREETING=changed\n")
	s.Ctl("start", "web")
	s.Await("new values", func() bool { return strings.HasSuffix(s.Read("web.log"), "changed\n") })

	s.Write("app.env", "GREETING=hello\nAPI_TOKEN=abc\nURL=http://me:xyz@host/\n")
	shown := s.Ctl("env", "web")
	for _, line := range []string{"API_TOKEN=********", "URL=http://me:********@host/", "GREETING=hello", "SUPERVISOR_PROCESS_NAME=web"} {
		if !strings.Contains(shown, line+"\n") {
			t.Errorf("%s is not in\n%s", line, shown)
		}
	}
	if shown := s.Ctl("env", "web", "--reveal"); !strings.Contains(shown, "API_TOKEN=abc\n") {
		t.Errorf("not revealed:\n%s", shown)
	}
	s.ExpectCtl("env secretless", "secretless: ERROR (env_file: "+s.Path("missing.env")+": no such file or directory)\n")
	s.Await("two failures", func() bool { return strings.Count(s.Ctl("status"), "FATAL") == 2 })
	if out := s.Ctl("status", "gate"); !strings.Contains(out, "pre_start exited with status 2") {
		t.Errorf("status: %s", out)
	}
	var reported []struct {
		Name, State string
		Causes      []struct{ Kind, Text string }
	}
	if err := json.Unmarshal([]byte(s.Ctl("why", "secretless", "--json")), &reported); err != nil {
		t.Fatal(err)
	}
	if len(reported) != 1 || reported[0].State != "FATAL" || !strings.Contains(reported[0].Causes[0].Text, "missing.env: no such file") {
		t.Errorf("why: %+v", reported)
	}
}

// TestHookAcrossCrash: what was under way when the daemon was killed is ended, and
// done again.
func TestHookAcrossCrash(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	slow := s.WriteScript("slow", `echo $$ >>`+s.Path("")+`/$SUPERVISOR_HOOK
[ -e `+s.Path("go")+` ] || exec sleep 1000
`)
	s.Configure(fmt.Sprintf(`[program:starting]
command=sleep 1000
pre_start=%[1]s
hook_timeout=60
[program:stopping]
command=sleep 1000
post_stop=%[1]s
hook_timeout=60
`, slow))
	s.Start()
	s.AwaitRunning("stopping")
	first := s.ProgramPID("stopping")
	s.Await("pre_start", func() bool { return len(pidsIn(s, "pre_start")) == 1 })
	_, stopEnded := s.StartCtl("stop", "stopping")
	s.Await("post_stop", func() bool { return len(pidsIn(s, "post_stop")) == 1 })
	status := s.Ctl("status")
	if !strings.Contains(status, "STARTING") || !strings.Contains(status, "STOPPING") || e2e.Alive(first) {
		t.Errorf("status:\n%s", status)
	}
	if out := s.Ctl("why", "starting"); !strings.Contains(out, "hook: pre_start is running") {
		t.Errorf("why: %s", out)
	}

	s.Crash()
	<-stopEnded
	s.Start()
	s.Await("both again", func() bool { return len(pidsIn(s, "pre_start")) == 2 && len(pidsIn(s, "post_stop")) == 2 })
	for _, hook := range []string{"pre_start", "post_stop"} {
		pid := pidsIn(s, hook)[0]
		s.AwaitEnd(pid)
	}

	// An upgrade is no different.
	s.Upgrade()
	s.Await("both for the third time", func() bool { return len(pidsIn(s, "pre_start")) == 3 && len(pidsIn(s, "post_stop")) == 3 })
	s.Await("the end of the second ones", func() bool { return !e2e.Alive(pidsIn(s, "pre_start")[1]) && !e2e.Alive(pidsIn(s, "post_stop")[1]) })

	// A start that is being prepared can be stopped.
	s.ExpectCtl("stop starting", "starting: stopped\n")
	s.Await("the end of pre_start", func() bool { return !e2e.Alive(pidsIn(s, "pre_start")[2]) })
	s.Write("go", "")
	e2e.Kill(t, pidsIn(s, "post_stop")[2])
	s.Await("both at rest", func() bool { return strings.Count(s.Ctl("status"), "STOPPED") == 2 })
	s.ExpectCtl("start starting", "starting: started\n")
}

// TestRefreshOfNginx: a typing error in its configuration is told, and nothing
// happens; a good one is taken up without a new process.
func TestRefreshOfNginx(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "nginx")
	s := e2e.NewDaemon(t)
	conf := func(answer string) {
		s.Write("nginx.conf", fmt.Sprintf(`pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log;
events { worker_connections 16; }
http {
	access_log off;
	client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
	server { listen unix:%[1]s/http.sock; location / { %[2]s } }
}
`, s.Dir, answer))
	}
	conf("return 200 one;")
	s.Configure(fmt.Sprintf(`[program:nginx]
command=nginx -c %[1]s/nginx.conf -e %[1]s/nginx.log -g "daemon off;"
reload_check=nginx -t -c %[1]s/nginx.conf
reload_signal=HUP
stopsignal=QUIT
[program:mute]
command=sleep 1000
`, s.Dir))
	s.Start()
	s.AwaitRunning("nginx", "mute")
	get := func() string {
		out, _ := exec.Command("curl", "-s", "--unix-socket", s.Path("http.sock"), "http://localhost/").Output()
		return string(out)
	}
	s.Await("an answer", func() bool { return get() == "one" })
	pid := s.ProgramPID("nginx")

	conf("retrun 200 two;")
	out := s.Ctl("refresh", "nginx")
	if !strings.HasPrefix(out, "nginx: ERROR (nginx -t -c "+s.Path("nginx.conf")+": ") || !strings.Contains(out, "retrun") {
		t.Errorf("refresh: %s", out)
	}
	if got := get(); got != "one" {
		t.Errorf("it answers %q", got)
	}
	conf("return 200 two;")
	s.ExpectCtl("refresh nginx", "nginx: refreshed\n")
	s.Await("the other answer", func() bool { return get() == "two" })
	s.ExpectPID("nginx", pid)
	s.ExpectCtl("refresh mute", "mute: ERROR (neither reload_signal nor reload_command is set)\n")
	s.ExpectCtl("refresh all", "nginx: refreshed\n")
	s.Ctl("stop", "nginx")
	s.ExpectCtl("refresh nginx", "nginx: ERROR (not running)\n")
}

// TestRemovalWaitsForPostStop: what cleans up after a program that has ended by
// itself comes to its end, and nothing of that name is started before.
func TestRemovalWaitsForPostStop(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(s *e2e.Daemon) string{
		"remove": func(s *e2e.Daemon) string { return s.Ctl("remove", "brief") },
		"update": func(s *e2e.Daemon) string {
			s.EditConfig("exit 0", "exec sleep 1000")
			return s.Ctl("update")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := e2e.NewDaemon(t)
			clean := s.WriteScript("clean", `touch `+s.Path("begun")+`
while [ ! -e `+s.Path("go")+` ]; do sleep 0.05; done
pgrep -f "sleep 1000" -P "$PPID" >`+s.Path("clean")+`
echo done >>`+s.Path("clean")+`
`)
			s.Configure("[program:brief]\ncommand=sh -c 'exit 0'\nstartsecs=0\nautorestart=false\npost_stop=" + clean + "\nhook_timeout=600\n")
			s.Start()
			s.AwaitFile("begun")
			out := make(chan string)
			go func() { out <- remove(s) }()
			select {
			case got := <-out:
				t.Fatalf("it did not wait: %s", got)
			case <-time.After(300 * time.Millisecond): // a fault may be overlooked for that, but nothing is taken for one
			}
			s.Touch("go")
			if got := <-out; !strings.Contains(got, "brief: ") {
				t.Error(got)
			}
			if got := s.Read("clean"); got != "done\n" {
				t.Errorf("it has come to %q", got)
			}
		})
	}
}
