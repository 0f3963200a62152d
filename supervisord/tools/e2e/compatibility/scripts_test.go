package compatibility

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"supervisor/supervisord/tools/testkit/e2e"
)

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

// await FILE TEXT waits until a file contains a text; await FILE, until it
// exists. With !, until that is not so any more.
func await(ts *testscript.TestScript, neg bool, args []string) {
	path, text := ts.MkAbs(args[0]), strings.Join(args[1:], " ")
	ok := e2e.Poll(func() bool {
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
	if !e2e.Poll(func() bool { return !e2e.Alive(pid) }) {
		ts.Fatalf("process %d lives on", pid)
	}
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
