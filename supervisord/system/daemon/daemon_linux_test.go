package daemon

import (
	"fmt"
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

// What the package does changes the whole process for good. So each test starts a helper: the
// test binary, which runs one of helperActions.
const helperMode = "daemon-helper"

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

// noRaceSleep keeps the race detector from waiting at the exit of a process.
const noRaceSleep = "GORACE=atexit_sleep_ms=0"

// helperCommand returns the command of a helper.
func helperCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(testkit.Binary(), append([]string{helperMode}, args...)...)
	cmd.Env = append(os.Environ(), noRaceSleep)
	return cmd
}

// commandOutput returns what a command writes to its stdout.
func commandOutput(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// nobodyUID is a user without rights, otherUID another one.
const nobodyUID, otherUID = 65534, 1

func noRequirement(*testing.T) {}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: only root can become another user")
	}
}

// needSysResource skips the test without CAP_SYS_RESOURCE, which root in a container may lack.
func needSysResource(t *testing.T) {
	t.Helper()
	needRoot(t)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil || sets[0].Effective&(1<<unix.CAP_SYS_RESOURCE) == 0 {
		t.Skipf("NOT TESTED: this root may not raise hard limits (%v)", err)
	}
}

// limits UID MINFDS MINPROCS raises the limits as that user, from a soft limit of 3000 and a
// hard limit of 5000 processes. It writes the messages of RaiseLimits, then the limits of a
// child.
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
		return // as the daemon does
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
		{"not requested", me, 0, 0, noRequirement, "300\n5000\n3000 5000"},
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
		// The process that runs the tests may have passed on more descriptors.
		if got := commandOutput(t, cmd); strings.Contains(got, path) != inherited || !inherited && got != "[]" {
			t.Errorf("%s: a child has %s", name, got)
		}
	}
}

// setUsers UID… becomes one user after the other, and writes after each which user all its
// threads run as.
func setUsers(args []string) {
	for _, uid := range args {
		if err := SetUser(mustAtoi(uid)); err != nil {
			fmt.Println(err)
			continue
		}
		tasks, err := filepath.Glob("/proc/self/task/*/status")
		if err != nil || len(tasks) == 0 {
			panic("no threads found")
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

// identity returns the uids, gids and groups in a status file of /proc.
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
		t.Skip("root may become any user; TestSetUser tries this")
	}
	if got := commandOutput(t, helperCommand("user", "0")); got != "Can't drop privilege as nonroot user" {
		t.Errorf("got %q", got)
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
