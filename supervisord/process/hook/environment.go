package hook

import (
	"os"
	"strconv"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/spawn"
)

// Var is the variable by which a command knows what it is run for. It also tells a
// command that runs beside a child from the child itself.
const Var = "SUPERVISOR_HOOK"

const (
	pidVar        = "SUPERVISOR_PID"
	exitStatusVar = "SUPERVISOR_EXIT_STATUS"
	exitSignalVar = "SUPERVISOR_EXIT_SIGNAL"
)

// Variables returns the variables of a command: what it is run for, the pid of the
// child, 0 for none, and how that child exited, nil if that does not matter.
func Variables(what string, pid int, exit *spawn.Exit) []string {
	list := []string{Var + "=" + what}
	if pid != 0 {
		list = append(list, pidVar+"="+strconv.Itoa(pid))
	}
	if exit != nil {
		list = append(list, exitStatusVar+"="+strconv.Itoa(exit.Code))
		if exit.Signal != 0 {
			list = append(list, exitSignalVar+"="+signals.Name(exit.Signal))
		}
	}
	return list
}

// UnsetVars removes these variables from the environment of this process. A daemon
// that a hook started has them, and after a crash its children would be taken for
// hooks.
func UnsetVars() {
	if _, is := os.LookupEnv(Var); !is {
		return
	}
	for _, name := range []string{Var, pidVar, exitStatusVar, exitSignalVar} {
		_ = os.Unsetenv(name) // can't fail: the names are valid
	}
}
