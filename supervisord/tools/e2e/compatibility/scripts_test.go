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

// TestScripts runs the sessions in testdata/script, one behaviour each.
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

// await is the command "await FILE TEXT", which waits until a file contains a text, and
// "await FILE", which waits until it exists. With !, it waits for the opposite.
func await(ts *testscript.TestScript, neg bool, args []string) {
	path, text := ts.MkAbs(args[0]), strings.Join(args[1:], " ")
	ok := e2e.Poll(func() bool {
		data, err := os.ReadFile(path)
		return (err == nil && strings.Contains(string(data), text)) != neg ||
			text == "" && (err == nil) != neg && !os.IsNotExist(err)
	})
	if !ok {
		data, _ := os.ReadFile(path)
		ts.Fatalf("timed out waiting for %q in %s:\n%s", text, args[0], data)
	}
}

// sendSignal is the command "signal SIGNAL PIDFILE".
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	sig, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(syscall.Kill(pidIn(ts, args[1]), syscall.Signal(sig)))
}

// awaitExit is the command "gone PIDFILE", which waits until that process has ended.
func awaitExit(ts *testscript.TestScript, neg bool, args []string) {
	pid := pidIn(ts, args[0])
	if !e2e.Poll(func() bool { return !e2e.Alive(pid) }) {
		ts.Fatalf("process %d has not ended", pid)
	}
}

func pidIn(ts *testscript.TestScript, file string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(file)))
	ts.Check(err)
	return pid
}

// appendLine is the command "append FILE LINE".
func appendLine(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o666)
	ts.Check(err)
	_, err = fmt.Fprintln(f, strings.Join(args[1:], " "))
	ts.Check(err)
	ts.Check(f.Close())
}
