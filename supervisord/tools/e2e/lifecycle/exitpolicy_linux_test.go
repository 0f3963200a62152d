package lifecycle

import (
	"os/exec"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

func lastLogLine(d *e2e.Daemon) string {
	lines := strings.Split(strings.TrimSpace(d.Log()), "\n")
	_, line, _ := strings.Cut(lines[len(lines)-1], ",")
	_, line, _ = strings.Cut(line, " ") // without the time
	return line
}

// TestDaemonExitsWithProgram checks the exit status of the daemon, that it has stopped
// all other programs, and that the last line of its log says why it exits.
func TestDaemonExitsWithProgram(t *testing.T) {
	t.Parallel()
	const other = "[program:other]\ncommand=sleep 1000\n"
	for name, tt := range map[string]struct {
		supervisord, programs string
		flags                 []string
		want                  int
		last                  string
	}{
		"essential": {
			programs: "[program:web]\ncommand=sh -c 'sleep 1.2; exit 3'\nautorestart=false\nessential=true\n" + other,
			want:     3, last: "WARN supervisord exits with status 3: web: exit status 3 (essential=true)",
		},
		"a signal": {
			programs: "[program:web]\ncommand=sh -c 'sleep 1.2; kill -KILL $$$$'\nautorestart=false\nexit_on=failure\n" + other,
			want:     137, last: "WARN supervisord exits with status 137: web: terminated by SIGKILL (exit_on=failure)",
		},
		"given up": {
			programs: "[program:web]\ncommand=/no/such/file\nstartretries=0\n" + other, flags: []string{"--exit-on", "fatal"},
			want: 1, last: "WARN supervisord exits with status 1: web: given up, can't find command '/no/such/file' (exit_on=fatal of supervisord)",
		},
		"success": {
			programs: "[program:job]\ncommand=true\nstartsecs=0\nautorestart=false\nexit_on=success\n" + other,
			want:     0, last: "WARN supervisord exits with status 0: job: exit status 0 (exit_on=success)",
		},
		"all": {
			supervisord: "exit_on=all_exited\nexit_code=first_failure",
			programs: "[program:one]\ncommand=sh -c 'exit 4'\nstartsecs=0\nautorestart=false\n" +
				"[program:two]\ncommand=sh -c 'sleep 0.5; exit 5'\nstartsecs=0\nautorestart=false\n",
			want: 4, last: "WARN supervisord exits with status 4: two: exit status 5 (exit_on=all_exited of supervisord)",
		},
		"a number": {
			supervisord: "exit_code=77",
			programs:    "[program:web]\ncommand=sh -c 'exit 3'\nstartsecs=0\nautorestart=false\nessential=true\n",
			want:        77, last: "WARN supervisord exits with status 77: web: exit status 3 (essential=true)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			d.Configure(strings.ReplaceAll(tt.programs, "$$$$", "$$"))
			d.AddOptions(tt.supervisord)
			d.Launch(exec.Command("supervisord", append(tt.flags, "-n", "-s", "-c", d.Path("supervisord.conf"))...))
			if got := d.ExitStatus(); got != tt.want {
				t.Errorf("exit status %d, want %d", got, tt.want)
			}
			if got := lastLogLine(d); got != tt.last {
				t.Errorf("the last line is %q, want %q", got, tt.last)
			}
			d.ExpectNoProcesses()
		})
	}
}

// TestShutdownIsNotFailure checks that programs which are stopped don't end the daemon.
func TestShutdownIsNotFailure(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:web]\ncommand=sleep 1000\nessential=true\n[program:job]\ncommand=sleep 1000\nexit_on=exit, failure\n", "web", "job")
	d.ExpectCtl("restart web", "web: stopped\nweb: started\n")
	d.Ctl("stop", "job")
	d.Ctl("shutdown")
	if got := d.ExitStatus(); got != 0 {
		t.Errorf("exit status %d", got)
	}
}
