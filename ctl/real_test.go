package ctl

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/tools/testkit"
)

// The tests of this file compare supervisorctl with that of the real Supervisor,
// if that is installed.
const (
	realSupervisord   = "/usr/bin/supervisord"
	realSupervisorctl = "/usr/bin/supervisorctl"
)

const realConf = `[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
nodaemon=true
[unix_http_server]
file=%(here)s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(here)s/s.sock
[program:one]
command=/bin/cat
startsecs=0
[program:two]
command=/bin/cat
autostart=false
startsecs=0
[program:bad]
command=/no/such/file
autostart=false
[program:silent]
command=/bin/cat
startsecs=0
stdout_logfile=NONE
[group:grp]
programs=x,y
[program:x]
command=/bin/cat
startsecs=0
[program:y]
command=/bin/cat
autostart=false
startsecs=0
`

// startReal runs a real supervisord until the end of the test, and returns the
// name of its configuration file.
func startReal(t *testing.T) (conf string) {
	if testing.Short() {
		t.Skip("NOT COMPARED with the real Supervisor, which takes seconds: -short")
	}
	for _, program := range []string{realSupervisord, realSupervisorctl} {
		if _, err := os.Stat(program); err != nil {
			t.Skipf("NOT COMPARED with the real Supervisor: %v", err)
		}
	}
	conf = filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(conf, []byte(realConf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(realSupervisord, "-c", conf)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	deadline := time.AfterFunc(testkit.Timeout, func() { _ = cmd.Process.Kill() })
	defer deadline.Stop()
	lines := bufio.NewScanner(output)
	for running := 0; running < 3; {
		if !lines.Scan() {
			t.Fatal("supervisord ended before its programs ran")
		}
		if strings.Contains(lines.Text(), "entered RUNNING state") {
			running++
		}
	}
	return conf
}

// normalizeOutput replaces what differs from run to run.
func normalizeOutput(text string) string {
	for pattern, replacement := range map[string]string{
		`pid \d+, uptime \d:\d\d:\d\d`:                  "pid <PID>, uptime <UP>",
		`(?m)^(supervisor> )?[1-9]\d*$`:                 "${1}<PID>",
		`[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M`:            "Not started", // in the second run, the process has ended before
		`For help, use \S+`:                             "For help, use <PROG>",
		`(?m)^(supervisor> )?(\d\d\d\d-.*|.* INFO .*)$`: "${1}<LOG>",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, replacement)
	}
	return text
}

// realSession leaves the daemon in the state in which it found it.
const realSession = `status
status one grp:*
status nope: one nope x
status;pid
start two bad nope nope:* one
start grp:*
stop two grp:y
stop two nope nope: bad
restart two
restart grp:*
stop two grp:y
signal CONT one two nope nope:*
signal BOGUS all
pid
pid one two nope grp:*
pid all
tail
tail one
tail -10 one stderr
tail one what's
tail silent
tail nope STDERR
tail -x one
tail -f
maintail -x
clear one nope
clear all
fg
fg one two
fg two
fg grp:*
avail
avail x
reread
update
update nope
add one nope
remove one nope
open ftp://x
reload
n
shutdown
no
version x
help
help tail
help nosuch
?help
frobnicate
!ls

EOF
`

func TestShellAgainstRealDaemon(t *testing.T) {
	t.Parallel()
	conf := startReal(t)
	run := func(shell string) string {
		var out, errOut bytes.Buffer
		cmd := exec.Command(realSupervisorctl, "-c", conf)
		if shell == "ours" {
			cmd = exec.Command(os.Args[0], "-c", conf)
			cmd.Env = append(os.Environ(), asMain+"=1")
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(realSession), &out, &errOut
		err := cmd.Run()
		return normalizeOutput(fmt.Sprintf("%s\nstderr: %s\nerror: %v", out.String(), errOut.String(), err))
	}
	if diff := cmp.Diff(run("theirs"), run("ours")); diff != "" {
		t.Errorf("(-Supervisor +ours)\n%s", diff)
	}
}

func TestExitStatusAgainstRealDaemon(t *testing.T) {
	t.Parallel()
	conf := startReal(t)
	for _, line := range []string{
		"status", "status one", "status one nope", "status nope two", "start", "start nope", "start nope:*", "start one",
		"start bad", "stop", "stop two", "stop nope:*", "restart", "signal HUP two", "signal X one", "pid two", "pid nope", "pid all",
		"tail nope", "tail", "maintail -5", "clear nope", "fg", "fg two", "add one", "add nope", "remove one", "update nope",
		"version x", "help nope", "frobnicate", "quit", "open ftp://x", "-Z", "-s x", "-u",
	} {
		words := append([]string{"-c", conf}, strings.Fields(line)...)
		var theirs, ours, errOut bytes.Buffer
		cmd := exec.Command(realSupervisorctl, words...)
		cmd.Stdout, cmd.Stderr = &theirs, &theirs
		_ = cmd.Run() // the exit status is read below
		exit := Main(append([]string{"supervisorctl"}, words...), strings.NewReader(""), &ours, &errOut)
		ours.Write(errOut.Bytes())
		if want := cmd.ProcessState.ExitCode(); exit != want {
			t.Errorf("%s: exit %d, want %d", line, exit, want)
		}
		if diff := cmp.Diff(normalizeOutput(theirs.String()), normalizeOutput(ours.String())); diff != "" {
			t.Errorf("%s (-Supervisor +ours)\n%s", line, diff)
		}
	}
}

// TestFollowAgainstRealDaemon sends a line to cat and expects it in its log.
func TestFollowAgainstRealDaemon(t *testing.T) {
	t.Parallel()
	tt := startOnTerminal(t, "xterm", "-c", startReal(t))
	tt.expect(prompt)
	tt.send("fg one\r")
	tt.expect(followBanner)
	tt.send("ping\r")
	tt.expect("ping\r\n") // the terminal's echo
	tt.expect("ping\r\n") // cat's
	tt.send("\x03")
	tt.expect("Exiting foreground\r\n" + prompt)
	tt.send("tail -f one\r")
	tt.expect("ping\r\n")
	tt.send("\x03")
	tt.expect("\r\n" + prompt)
	tt.send("exit\r")
	if exit, _ := tt.finish(); exit != 0 {
		t.Errorf("exit %d", exit)
	}
}
