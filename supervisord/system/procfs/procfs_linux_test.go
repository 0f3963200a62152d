package procfs

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const rest = " S 1 20 30 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 100"
	for _, name := range []string{"sh", "a b", "a) S (b", ")", "\n"} {
		s, err := parseStat([]byte("42 (" + name + ")" + rest))
		if want := (Stat{State: 'S', Parent: 1, Group: 20, Session: 30, StartTime: 12345}); s != want || err != nil {
			t.Errorf("%q: %+v, %v", name, s, err)
		}
	}
	for _, text := range []string{"", "42 (sh)", "42 (sh) S 1 2", "42 (sh) SS" + rest[2:], "42 (sh) S x" + rest[4:]} {
		if s, err := parseStat([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
}

func TestStartTimeOfExitedProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "600")
	cmd.Env = []string{"A=1", "B=2"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	startTime := StartTime(pid)
	if startTime == 0 || startTime > BootTicks() || !IsSame(pid, startTime, false) || IsSame(pid, startTime-1, true) {
		t.Errorf("start time %d, now %d", startTime, BootTicks())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if got := StartTime(pid); got != 0 {
		t.Errorf("a zombie has the start time %d", got)
	}
	if !IsSame(pid, startTime, true) || IsSame(pid, startTime, false) {
		t.Error("a zombie is not the same process")
	}
	if ws, ok := ExitStatus(pid, startTime); !ok || ws.Signal() != syscall.SIGKILL {
		t.Errorf("exit status %v, %v", ws, ok)
	}
	_ = cmd.Wait()
	if IsSame(pid, startTime, true) {
		t.Error("a reaped process still exists")
	}
}

func TestHasVariables(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", "echo; exec sleep 600")
	cmd.Env = []string{"A=1", "B=2", "PATH=" + os.Getenv("PATH")}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		variables []string
		want      bool
	}{
		{nil, true}, {[]string{"A=1"}, true}, {[]string{"B=2", "A=1"}, true},
		{[]string{"A=1", "C=3"}, false}, {[]string{"A="}, false}, {[]string{"=1"}, false},
	} {
		if got := HasVariables(cmd.Process.Pid, tt.variables); got != tt.want {
			t.Errorf("%q: %v", tt.variables, got)
		}
	}
}

// TestHasVariablesWhileExecuting checks a process that executes one program after the
// other. In between the kernel shows no environment.
func TestHasVariablesWhileExecuting(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "script")
	const text = "read line\nif [ $1 -lt 300 ]; then exec sh \"$0\" $(($1 + 1)); fi\nread line\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", script, "0")
	cmd.Env = []string{"A=1", "PATH=" + os.Getenv("PATH")}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	for range 300 {
		if _, err := stdin.Write([]byte("go on\n")); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if !HasVariables(cmd.Process.Pid, []string{"A=1"}) {
				t.Fatal("a process that executes a program was not recognised")
			}
		}
	}
}

func TestEnvironOfNone(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sleep", "600")
	cmd.Env = []string{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if data, err := Environ(cmd.Process.Pid); len(data) > 0 || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if data, err := Environ(2); len(data) > 0 { // perhaps a thread of the kernel
		t.Errorf("%q, %v", data, err)
	}
}

func TestDescriptors(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(r.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	pid := os.Getpid()
	if got := PipeAt(pid, int(r.Fd())); got != st.Ino {
		t.Errorf("inode %d, want %d", got, st.Ino)
	}
	if got := AccessMode(pid, int(r.Fd())); got != unix.O_RDONLY {
		t.Errorf("access mode %d of the read end", got)
	}
	if got := AccessMode(pid, int(w.Fd())); got != unix.O_WRONLY {
		t.Errorf("access mode %d of the write end", got)
	}
	if got := AccessMode(pid, 1<<20); got != -1 {
		t.Errorf("access mode %d of no descriptor", got)
	}
	if got := PipeInode("socket:[7]"); got != 0 {
		t.Errorf("a socket is pipe %d", got)
	}
}

func TestAncestors(t *testing.T) {
	t.Parallel()
	if !IsAncestor(os.Getppid()) || IsAncestor(os.Getpid()) {
		t.Errorf("ancestors of %d: %v", os.Getpid(), Ancestors())
	}
}
