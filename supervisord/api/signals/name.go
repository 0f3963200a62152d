package signals

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// alias is a name that Python's signal module has and the system's table
// either lacks or does not put first.
type alias struct {
	name   string
	number syscall.Signal
	logged bool // the name under which the number is logged
}

// aliases returns those of one system. The numbers differ: what is SIGUSR1 here
// is SIGBUS elsewhere.
func aliases(system string) []alias {
	common := []alias{{"SIGABRT", syscall.SIGABRT, true}, {"SIGIOT", syscall.SIGABRT, false}}
	switch system {
	case "linux":
		// Of the real-time signals Python knows the bounds alone, less those
		// that the C library keeps for itself.
		return append(common, alias{"SIGCLD", syscall.SIGCHLD, false}, alias{"SIGPOLL", 29, true},
			alias{"SIGRTMIN", 34, true}, alias{"SIGRTMAX", 64, true})
	case "freebsd":
		return append(common, alias{"SIGRTMIN", 65, true}, alias{"SIGRTMAX", 126, true})
	}
	return common
}

// Name returns the name under which Supervisor logs a signal. It knows
// the names of Python's signal module, where the last of several names for a
// number wins; any other number is "signal N".
func Name(sig syscall.Signal) string {
	if name := knownName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}

// knownName is Name, and "" for any other number.
func knownName(sig syscall.Signal) string {
	for _, a := range aliases(runtime.GOOS) {
		if a.number == sig && a.logged {
			return a.name
		}
	}
	return unix.SignalName(sig)
}

// Number finds a signal of this system by its name in capitals, with or
// without SIG.
func Number(name string) (sig syscall.Signal, ok bool) {
	name = "SIG" + strings.TrimPrefix(name, "SIG")
	for _, a := range aliases(runtime.GOOS) {
		if a.name == name {
			return a.number, true
		}
	}
	sig = unix.SignalNum(name)
	return sig, sig != 0
}

// Valid tells whether a number is one that Python takes for a signal: 0, the
// classic ones and the bounds of the real-time signals.
func Valid(n int) bool { return 0 <= n && n < 32 || knownName(syscall.Signal(n)) != "" }
