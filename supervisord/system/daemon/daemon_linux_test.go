package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
)

// What the package does is for ever and for the whole process, so each test has
// a process of its own: the test binary, which performs the act that it is told.
const helperMode = "daemon-actor"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == helperMode {
		helperActions[os.Args[2]](os.Args[3:])
		os.Exit(0)
	}
	os.Exit(testkit.BuildPrograms(m, testkit.ChildPackage).Run())
}

var helperActions = map[string]func(args []string){
	"limits": limits,
	"keep":   func([]string) { CloseOnExecAll(); execProgram(testkit.Command("fds")) },
	"leave":  func([]string) { execProgram(testkit.Command("fds")) },
	"umask":  func(args []string) { SetUmask(mustAtoi(args[0])); execProgram(testkit.Command("umask")) },
	"user":   setUsers,
	"background": func(args []string) {
		var files map[string]bool
		b, err := InBackground(&files)
		if err != nil {
			panic(err)
		}
		if b != nil {
			backgroundChild(b, files, args)
			return
		}
		SetComm("some-name")
		status, err := StartInBackground(os.Args, map[string]bool{"a": true})
		if err != nil {
			fmt.Println(err)
		}
		os.Exit(status)
	},
}

func execProgram(argv []string) { panic(syscall.Exec(argv[0], argv, os.Environ())) }

func mustAtoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// noRaceSleep has the race detector not wait at the end of a process.
const noRaceSleep = "GORACE=atexit_sleep_ms=0"

// helperCommand returns the command that performs an act.
func helperCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(testkit.Binary(), append([]string{helperMode}, args...)...)
	cmd.Env = append(os.Environ(), noRaceSleep)
	return cmd
}

// commandOutput is what an act wrote to its stdout.
func commandOutput(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// nobodyUID is a user without rights, and another one is not he.
const nobodyUID, otherUID = 65534, 1

func noRequirement(*testing.T) {}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: only root can become somebody else")
	}
}

// needSysResource wants CAP_SYS_RESOURCE, which root in a container may lack.
func needSysResource(t *testing.T) {
	t.Helper()
	needRoot(t)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil || sets[0].Effective&(1<<unix.CAP_SYS_RESOURCE) == 0 {
		t.Skipf("NOT TESTED: this root may not raise hard limits (%v)", err)
	}
}

// limits UID MINFDS MINPROCS, as that user; soft and hard limit of processes are
// 3000 and 5000 before. It tells what RaiseLimits said, and then what a child may
// have.
func limits(args []string) {
	if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: 3000, Max: 5000}); err != nil {
		panic(err)
	}
	if err := SetUser(mustAtoi(args[0])); err != nil {
		panic(err)
	}
	infos, err := RaiseLimits(mustAtoi(args[1]), mustAtoi(args[2]))
	for _, line := range infos {
		fmt.Println(line)
	}
	if err != nil {
		fmt.Println(err)
		return // and so does the daemon
	}
	child := exec.Command("sh", "-c", "ulimit -S -n; ulimit -H -n")
	child.Stdout = os.Stdout
	if err := child.Run(); err != nil {
		panic(err)
	}
	var processes unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &processes); err != nil {
		panic(err)
	}
	fmt.Println(processes.Cur, processes.Max)
}

func TestRaiseLimits(t *testing.T) {
	t.Parallel()
	me := os.Getuid()
	const tooFew = "The minimum number of file descriptors required to run this process is 6000 as per the \"minfds\" " +
		"command-line argument or config file setting. The current environment will only allow you to open 5000 file descriptors.  " +
		"Either raise the number of usable file descriptors in your environment (see README.rst) or lower the minfds setting in the " +
		"config file to allow the process to start."
	const tooFewProcesses = "The minimum number of available processes required to run this program is 6000 as per the \"minprocs\" " +
		"command-line argument or config file setting. The current environment will only allow you to open 5000 processes.  " +
		"Either raise the number of usable processes in your environment (see README.rst) or lower the minprocs setting in the " +
		"config file to allow the program to start."
	for _, tt := range []struct {
		name              string
		uid, files, procs int
		need              func(*testing.T)
		want              string
	}{
		{"enough", me, 300, 3000, noRequirement, "300\n5000\n3000 5000"},
		{"not asked for", me, 0, 0, noRequirement, "300\n5000\n3000 5000"},
		{"raised", me, 1024, 0, noRequirement, "Increased RLIMIT_NOFILE limit to 1024\n1024\n5000\n3000 5000"},
		{"both", me, 5000, 4000, noRequirement,
			"Increased RLIMIT_NOFILE limit to 5000\nIncreased RLIMIT_NPROC limit to 4000\n5000\n5000\n4000 5000"},
		{"hard limits too", 0, 6000, 6000, needSysResource,
			"Increased RLIMIT_NOFILE limit to 6000\nIncreased RLIMIT_NPROC limit to 6000\n6000\n6000\n6000 6000"},
		{"refused", nobodyUID, 6000, 4000, needRoot, tooFew},
		{"processes refused", nobodyUID, 400, 6000, needRoot, "Increased RLIMIT_NOFILE limit to 400\n" + tooFewProcesses},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.need(t)
			script := fmt.Sprintf(`ulimit -S -n 300 && ulimit -H -n 5000 && exec "$0" %s limits %d %d %d`, helperMode, tt.uid, tt.files, tt.procs)
			cmd := exec.Command("sh", "-c", script, testkit.Binary())
			cmd.Env = append(os.Environ(), noRaceSleep)
			if diff := cmp.Diff(tt.want, commandOutput(t, cmd)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCloseOnExecAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, inherited := range map[string]bool{"leave": true, "keep": false} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		cmd := helperCommand(name)
		cmd.ExtraFiles = []*os.File{file}
		// Whoever runs the tests may have left it more of them.
		if got := commandOutput(t, cmd); strings.Contains(got, path) != inherited || !inherited && got != "[]" {
			t.Errorf("%s: a child has %s", name, got)
		}
	}
}

// setUsers UID… becomes one after the other, and tells of each who it is then, in
// all its threads.
func setUsers(args []string) {
	for _, uid := range args {
		if err := SetUser(mustAtoi(uid)); err != nil {
			fmt.Println(err)
			continue
		}
		tasks, err := filepath.Glob("/proc/self/task/*/status")
		if err != nil || len(tasks) == 0 {
			panic("no threads to be seen")
		}
		seen := make(map[string]bool)
		for _, path := range tasks {
			if who := identity(path); !seen[who] {
				seen[who] = true
				fmt.Println(who)
			}
		}
	}
}

// identity is the uids, gids and groups that a status file in /proc shows.
func identity(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	var words []string
	for line := range strings.Lines(string(data)) {
		if name, list, ok := strings.Cut(line, ":"); ok && (name == "Uid" || name == "Gid" || name == "Groups") {
			words = append(words, strings.Join(strings.Fields(list), ","))
		}
	}
	return strings.Join(words, " ")
}

func TestSetUser(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for _, tt := range []struct {
		uids []string
		want string
	}{
		{[]string{strconv.Itoa(nobodyUID)}, "65534,65534,65534,65534 65534,65534,65534,65534 65534"},
		{[]string{"0"}, strings.TrimSpace(identity("/proc/self/status"))},
		{[]string{"4111222333"}, "Can't find uid 4111222333"},
		{[]string{strconv.Itoa(nobodyUID), strconv.Itoa(otherUID)},
			"65534,65534,65534,65534 65534,65534,65534,65534 65534\nCan't drop privilege as nonroot user"},
	} {
		if diff := cmp.Diff(tt.want, commandOutput(t, helperCommand(append([]string{"user"}, tt.uids...)...))); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.uids, diff)
		}
	}
}

func TestSetUserWithoutRoot(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may become everybody; TestSetUser tries it after that")
	}
	if got := commandOutput(t, helperCommand("user", "0")); got != "Can't drop privilege as nonroot user" {
		t.Errorf("got %q", got)
	}
}

func TestPidfileIsExclusive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(path, []byte("123456789012\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := ClaimPidfile(path, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := fmt.Sprintf("%d\n", os.Getpid()); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	_, err = ClaimPidfile(path, -1)
	if locked, ok := errors.AsType[*LockedError](err); !ok || locked.PID != os.Getpid() {
		t.Errorf("the second claim: %v", err)
	}
	first.Remove()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it stays behind: %v", err)
	}
	third, err := ClaimPidfile(path, 0o077)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("with a umask of 077: %v, %v", info.Mode(), err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	third.Remove()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("somebody else's file is gone: %v", err)
	}
}

// A device is nobody's own.
func TestPidfileIsDevice(t *testing.T) {
	t.Parallel()
	for range 2 {
		p, err := ClaimPidfile(os.DevNull, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Remove()
	}
}

func TestPidfileInMissingDirectory(t *testing.T) {
	t.Parallel()
	_, err := ClaimPidfile(filepath.Join(t.TempDir(), "none", "pid"), -1)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestSetUmask(t *testing.T) {
	t.Parallel()
	for _, mask := range []int{0o027, 0o000} {
		if got, want := commandOutput(t, helperCommand("umask", strconv.Itoa(mask))), fmt.Sprintf("%03o", mask); got != want {
			t.Errorf("a child has the umask %s, want %s", got, want)
		}
	}
}

// backgroundReport is what the second process tells of itself once it has detached.
type backgroundReport struct {
	VarPresent    bool // the mark is in its environment
	ReadyCloexec  bool // no child gets the descriptor of the process that waits
	SessionLeader bool // it leads a session
	Comm          string
	Files         map[string]bool // what the first process has passed
	Std           []string
	Descriptors   string // that a child has
}

// backgroundChild is the second process: it ends with a status, or detaches and then
// reports to a pipe.
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

// TestBackgroundExitStatus: who started the daemon learns that it has not come up.
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
		t.Error("nobody sent this process to the background")
	}
}

// TestPidfileOfAnotherConfiguration: who has no name in common with the holder of
// the lock shares the file, and gives back what was in it.
func TestPidfileOfAnotherConfiguration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pid")
	first, err := ClaimPidfile(path, -1, "a", "common")
	if err != nil || first.IsShared() {
		t.Fatal(err)
	}
	defer first.Remove()
	for _, names := range [][]string{{"a"}, {"b", "common"}, {}} {
		_, err := ClaimPidfile(path, -1, names...)
		if locked, ok := errors.AsType[*LockedError](err); !ok || locked.PID != os.Getpid() {
			t.Errorf("%q: got %v", names, err)
		}
	}
	second, err := ClaimPidfile(path, -1, "b")
	if err != nil || !second.IsShared() || ReadPID(path) != os.Getpid() {
		t.Fatalf("got %+v, %v; the file has %d", second, err, ReadPID(path))
	}
	if _, err := ClaimPidfile(path, -1, "b"); err == nil {
		t.Error("two of the same share the file")
	}
	fd := second.HandOver()
	second = RestorePidfile(path, fd, "b")
	if !second.IsShared() {
		t.Error("it is not shared after an upgrade")
	}
	if _, err := ClaimPidfile(path, -1, "b"); err == nil {
		t.Error("its name is free after an upgrade")
	}
	second.Remove()
	if got := ReadPID(path); got != os.Getpid() { // of the first
		t.Errorf("the file has %d", got)
	}
	third, err := ClaimPidfile(path, -1, "b")
	if err != nil {
		t.Fatal(err)
	}
	first.Remove()
	third.Remove()
	if got := ReadPID(path); got != 0 {
		t.Errorf("the file stays, with %d", got)
	}
}
