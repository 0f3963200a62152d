package spawn

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"supervisor/supervisord/system/accounts"
	"supervisor/supervisord/system/errno"
	"supervisor/supervisord/system/executable"
)

// executorName is the argv[0] of the executor. No user has a program of that name.
const executorName = "supervisord: child"

// execParams are the steps of the executor. It gets them as JSON in its first argument;
// the arguments of the program follow.
type execParams struct {
	Path   string
	Dir    string
	Umask  int
	Become *accounts.Credentials
	// PIDVars are the environment variables to set to the child's own pid.
	PIDVars []string
}

// forkExecutor starts this binary as the executor, which takes all steps that can fail.
func forkExecutor(spec *Spec, attr *syscall.ProcAttr) (int, error) {
	self, err := executable.Exact()
	if err != nil {
		return 0, err
	}
	text, err := json.Marshal(execParams{spec.Path, spec.Dir, spec.Umask, spec.Become, pidVars(spec)})
	if err != nil {
		return 0, err
	}
	attr.Dir = ""
	attr.Sys.Credential = nil
	return syscall.ForkExec(self, append([]string{executorName, string(text)}, spec.Args...), attr)
}

func pidVars(spec *Spec) (names []string) {
	if spec.ListenPID {
		names = append(names, "LISTEN_PID")
	}
	if spec.WatchdogPID {
		names = append(names, "WATCHDOG_PID")
	}
	return names
}

// RunExecutor executes a child's program if this process was started as the executor; it
// does not return then. In any other process it returns at once. Every main and TestMain of
// a program that spawns children calls it first.
//
// The steps and the error texts are those of Supervisor's child between fork and exec:
// become the user, change the directory, set the umask, execute.
func RunExecutor() {
	serveStdoutListener()
	if os.Args[0] != executorName || len(os.Args) < 3 {
		return
	}
	var o execParams
	err := json.Unmarshal([]byte(os.Args[1]), &o)
	if err == nil {
		err = o.execute(os.Args[2:])
	}
	fmt.Fprintf(os.Stderr, "supervisor: %v\nsupervisor: child process was not spawned\n", err)
	os.Exit(127)
}

// execute returns only if a step failed.
func (o *execParams) execute(args []string) error {
	if u := o.Become; u != nil {
		if err := u.Become(); err != nil {
			return fmt.Errorf("couldn't setuid to %d: %w", u.UID, err)
		}
	}
	if o.Dir != "" {
		if err := syscall.Chdir(o.Dir); err != nil {
			return fmt.Errorf("couldn't chdir to %s: %s", o.Dir, errno.Name(err))
		}
	}
	if o.Umask >= 0 {
		syscall.Umask(o.Umask)
	}
	for _, name := range o.PIDVars {
		if err := os.Setenv(name, strconv.Itoa(os.Getpid())); err != nil {
			return err
		}
	}
	err := syscall.Exec(o.Path, args, os.Environ())
	return fmt.Errorf("couldn't exec %s: %s", args[0], errno.Name(err))
}
