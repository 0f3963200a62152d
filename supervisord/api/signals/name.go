package signals

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// alias is a name of Python's signal module which the system's table lacks or does not
// list first.
type alias struct {
	name   string
	number syscall.Signal
	logged bool // the log shows the number under this name
}

// aliases returns the aliases of one system. The numbers differ between systems: SIGUSR1 on
// one is SIGBUS on another.
func aliases(system string) []alias {
	common := []alias{{"SIGABRT", syscall.SIGABRT, true}, {"SIGIOT", syscall.SIGABRT, false}}
	switch system {
	case "linux":
		// Python names only the bounds of the real-time signals, without those that
		// the C library uses itself.
		return append(common, alias{"SIGCLD", syscall.SIGCHLD, false}, alias{"SIGPOLL", 29, true},
			alias{"SIGRTMIN", 34, true}, alias{"SIGRTMAX", 64, true})
	case "freebsd":
		return append(common, alias{"SIGRTMIN", 65, true}, alias{"SIGRTMAX", 126, true})
	}
	return common
}

// Name returns the name under which Supervisor logs a signal: that of Python's signal
// module, and the last one if there are several. Any other number is "signal N".
func Name(sig syscall.Signal) string {
	if name := knownName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}

// knownName is Name, but returns "" for a number without a name.
func knownName(sig syscall.Signal) string {
	for _, a := range aliases(runtime.GOOS) {
		if a.number == sig && a.logged {
			return a.name
		}
	}
	return unix.SignalName(sig)
}

// Number returns the signal with a name in capitals, with or without SIG. It reports false
// for an unknown name.
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

// Valid reports whether Python accepts a number as a signal: 0, the standard signals and the
// bounds of the real-time signals.
func Valid(n int) bool { return 0 <= n && n < 32 || knownName(syscall.Signal(n)) != "" }
