package signals

import (
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The same name has different numbers on different systems.
func TestSystemNumbers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL, "USR1": syscall.SIGUSR1,
		"SIGUSR2": syscall.SIGUSR2, "BUS": syscall.SIGBUS, "CHLD": syscall.SIGCHLD, "CONT": syscall.SIGCONT,
		"STOP": syscall.SIGSTOP, "TSTP": syscall.SIGTSTP, "URG": syscall.SIGURG, "IO": syscall.SIGIO,
		"SYS": syscall.SIGSYS, "ABRT": syscall.SIGABRT, "IOT": syscall.SIGABRT, "WINCH": syscall.SIGWINCH,
	} {
		if got, ok := Number(name); got != want || !ok {
			t.Errorf("%s is %d, %v; want %d", name, int(got), ok, int(want))
		}
	}
	for _, name := range []string{"", "SIG", "BOGUS", "term", "SIGSIGTERM", "9", "SIG_DFL"} {
		if got, ok := Number(name); ok {
			t.Errorf("%q is signal %d", name, int(got))
		}
	}
}

// A name that the log shows can be used in a configuration.
func TestNamesRoundTrip(t *testing.T) {
	t.Parallel()
	for n := range 200 {
		name := Name(syscall.Signal(n))
		if back, ok := Number(name); ok != strings.HasPrefix(name, "SIG") || ok && int(back) != n || ok && !Valid(n) {
			t.Errorf("%d is %s is %d, %v", n, name, int(back), ok)
		}
	}
	for _, n := range []int{-1, 32, 35, 63, 127, 1 << 20} {
		if Valid(n) && runtime.GOOS == "linux" {
			t.Errorf("%d is valid", n)
		}
	}
}

func TestAliasesOfOtherSystems(t *testing.T) {
	t.Parallel()
	for system, want := range map[string]string{
		"linux":   "SIGABRT SIGIOT SIGCLD SIGPOLL SIGRTMIN SIGRTMAX",
		"freebsd": "SIGABRT SIGIOT SIGRTMIN SIGRTMAX",
		"darwin":  "SIGABRT SIGIOT",
	} {
		var names []string
		for _, a := range aliases(system) {
			names = append(names, a.name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s", system, got)
		}
	}
}

// Python is asked for all names that it knows.
func TestNumbersAreThoseOfPython(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("python3", "-c", "import signal\n"+
		"for k, v in signal.__dict__.items():\n if k.startswith('SIG') and not k.startswith('SIG_'): print(k, int(v))").Output()
	if err != nil {
		t.Skipf("SKIPPED: python3: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		want, _ := strconv.Atoi(number)
		if got, ok := Number(name); int(got) != want || !ok {
			t.Errorf("%s is %d, %v; Python says %d", name, int(got), ok, want)
		}
	}
}

func TestSignalNames(t *testing.T) {
	t.Parallel()
	for sig, want := range map[syscall.Signal]string{
		1: "SIGHUP", 6: "SIGABRT", 9: "SIGKILL", 15: "SIGTERM", 0: "signal 0", 99: "signal 99",
	} {
		if got := Name(sig); got != want {
			t.Errorf("%d: got %q, want %q", int(sig), got, want)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	for sig, want := range map[syscall.Signal]string{17: "SIGCHLD", 29: "SIGPOLL", 34: "SIGRTMIN", 64: "SIGRTMAX", 40: "signal 40"} {
		if got := Name(sig); got != want {
			t.Errorf("%d: got %q, want %q", int(sig), got, want)
		}
	}
}
