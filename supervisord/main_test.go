package supervisord_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"supervisor/supervisord"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

// The daemon is the test binary, which is found under its name on PATH; it has the
// race detector where that is on. The other programs are as they are shipped.
func TestMain(m *testing.M) {
	spawn.RunExecutor()
	testkit.ApplySeccomp()
	const daemon = "supervisord"
	var tests testscript.TestingM = m
	if filepath.Base(os.Args[0]) != daemon {
		tests = testkit.BuildPrograms(m, testkit.ChildPackage, "supervisor/cmd/supervisorctl")
	}
	testscript.Main(tests, map[string]func(){
		daemon: func() { os.Exit(supervisord.Main(os.Args, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the sessions of testdata/script, one behaviour each.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await":  await,
			"signal": sendSignal,
			"gone":   awaitExit,
			"append": appendLine,
		},
	})
}

// waitTimeout is how long a session waits for what must come.
const waitTimeout = testkit.Timeout

// poll waits until ok holds. It is for what other processes do; inside ours
// there are channels. It looks less and less often, so that waiting does not
// keep what is waited for from coming.
func poll(ok func() bool) bool {
	pause := 5 * time.Millisecond
	for limit := time.Now().Add(waitTimeout); time.Now().Before(limit); time.Sleep(pause) {
		if ok() {
			return true
		}
		pause = min(pause+pause/8, 100*time.Millisecond)
	}
	return false
}

// await FILE TEXT waits until a file contains a text; await FILE, until it
// exists. With !, until that is not so any more.
func await(ts *testscript.TestScript, neg bool, args []string) {
	path, text := ts.MkAbs(args[0]), strings.Join(args[1:], " ")
	ok := poll(func() bool {
		data, err := os.ReadFile(path)
		return (err == nil && strings.Contains(string(data), text)) != neg ||
			text == "" && (err == nil) != neg && !os.IsNotExist(err)
	})
	if !ok {
		data, _ := os.ReadFile(path)
		ts.Fatalf("waited in vain for %q in %s:\n%s", text, args[0], data)
	}
}

// signal SIGNAL PIDFILE sends a signal to the process whose pid a file holds.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	sig, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(syscall.Kill(pidIn(ts, args[1]), syscall.Signal(sig)))
}

// awaitExit PIDFILE waits until the process whose pid a file holds has ended.
func awaitExit(ts *testscript.TestScript, neg bool, args []string) {
	pid := pidIn(ts, args[0])
	if !poll(func() bool { return !alive(pid) }) {
		ts.Fatalf("process %d lives on", pid)
	}
}

func alive(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func pidIn(ts *testscript.TestScript, file string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(file)))
	ts.Check(err)
	return pid
}

// append FILE LINE adds a line to a file.
func appendLine(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o666)
	ts.Check(err)
	_, err = fmt.Fprintln(f, strings.Join(args[1:], " "))
	ts.Check(err)
	ts.Check(f.Close())
}
