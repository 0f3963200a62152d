package daemon

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
)

// backgroundReport is what the second process reports about itself once it has detached.
type backgroundReport struct {
	VarPresent    bool // backgroundVar is in its environment
	ReadyCloexec  bool // no child gets the descriptor on which the first process waits
	SessionLeader bool // it leads a session
	Comm          string
	Files         map[string]bool // what the first process has passed
	Std           []string
	Descriptors   string // of a child
}

// backgroundChild is the second process: it exits with a status, or detaches and then writes
// its report to a pipe.
func backgroundChild(b *Background, files map[string]bool, args []string) {
	if args[0] == "end" {
		fmt.Println("second ends")
		os.Exit(mustAtoi(args[1]))
	}
	fmt.Println("second detaches")
	var r backgroundReport
	flags, err := unix.FcntlInt(b.ready.Fd(), unix.F_GETFD, 0)
	r.Comm, r.Files = Comm(), files
	r.ReadyCloexec = err == nil && flags&unix.FD_CLOEXEC != 0
	if err := b.Detach(); err != nil {
		panic(err)
	}
	CloseOnExecAll()
	_, r.VarPresent = os.LookupEnv(backgroundVar)
	sid, err := unix.Getsid(0)
	r.SessionLeader = err == nil && sid == os.Getpid()
	for fd := range 3 {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil {
			target = err.Error()
		}
		r.Std = append(r.Std, target)
	}
	argv := testkit.Command("fds", "env", backgroundVar)
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	if err != nil {
		out = []byte(err.Error())
	}
	r.Descriptors = strings.TrimSpace(string(out))
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(args[1], text, 0); err != nil {
		panic(err)
	}
}

func TestBackground(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := commandOutput(t, helperCommand("background", "detach", pipe)); got != "second detaches" {
		t.Fatalf("got %q", got)
	}
	text, err := os.ReadFile(pipe)
	if err != nil {
		t.Fatal(err)
	}
	var got backgroundReport
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := backgroundReport{ReadyCloexec: true, SessionLeader: true, Comm: "some-name", Files: map[string]bool{"a": true}, Std: []string{os.DevNull, os.DevNull, os.DevNull}, Descriptors: "[]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The first process exits with the status of a second one that does not detach.
func TestBackgroundExitStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 2, 7} {
		cmd := helperCommand("background", "end", strconv.Itoa(status))
		out, err := cmd.Output()
		if got := cmd.ProcessState.ExitCode(); got != status || string(out) != "second ends\n" {
			t.Errorf("exit status %d (%v), want %d; stdout %q", got, err, status, out)
		}
	}
}

func TestNotInBackground(t *testing.T) {
	t.Parallel()
	if b, err := InBackground(nil); b != nil || err != nil {
		t.Error("this process was not started by StartInBackground")
	}
}
