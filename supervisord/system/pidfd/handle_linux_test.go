package pidfd

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) {
	testkit.ApplySeccomp()
	goleak.VerifyTestMain(m)
}

// startProcess starts a process that waits, and reaps it when the test ends.
func startProcess(t *testing.T) (cmd *exec.Cmd, startTime uint64) {
	t.Helper()
	cmd = exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, procfs.StartTime(cmd.Process.Pid)
}

// TestHandle also runs without pidfds, see TestHandleWithoutPidfds.
func TestHandle(t *testing.T) {
	for _, group := range []bool{false, true} {
		cmd, startTime := startProcess(t)
		pid := cmd.Process.Pid
		if _, err := OpenHandle(pid, startTime-1); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("a handle of an earlier process with the pid: %v", err)
		}
		h, err := OpenHandle(pid, startTime)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if (h.File() == nil) != (h.Err() != nil) {
			t.Errorf("pidfd %v, error %v", h.File(), h.Err())
		}
		if err := h.Signal(syscall.SIGTERM, group); err != nil {
			t.Fatal(err)
		}
		h.AwaitExit()
		if ws, ok := h.ExitStatus(); !ok || ws.Signal() != syscall.SIGTERM {
			t.Errorf("exit status %v, %v", ws, ok)
		}
		_ = cmd.Wait()
		if err := h.Signal(syscall.SIGTERM, group); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("a signal after the exit: %v", err)
		}
	}
}

// A handle goes on after its pidfd was closed.
func TestHandleWithClosedPidfd(t *testing.T) {
	cmd, startTime := startProcess(t)
	h, err := OpenHandle(cmd.Process.Pid, startTime)
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if h.Descriptor() != -1 {
		t.Errorf("descriptor %d after the close", h.Descriptor())
	}
	if err := h.Signal(syscall.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		h.AwaitExit()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(testkit.Timeout):
		t.Fatal("AwaitExit does not return")
	}
}

func TestHandleWithoutPidfds(t *testing.T) {
	for what, rules := range testkit.WithoutPidfds() {
		t.Run(what, func(t *testing.T) {
			argv := testkit.SeccompCommand(rules, testkit.Binary(), "-test.count=1", "-test.v", "-test.run=^TestHandle$")
			out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "--- PASS: TestHandle ") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestDuplicate(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	f, err := Duplicate(os.Getpid(), int(w.Fd()))
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	defer f.Close()
	if _, err := f.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
