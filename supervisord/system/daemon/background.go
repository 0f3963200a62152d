package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/executable"
)

// backgroundVar is set in the environment of the second process. Its value is the
// descriptor on which the first process waits; on the next descriptor the second one
// receives backgroundParams, as JSON. InBackground unsets it, so no child sees it.
const backgroundVar = "_SUPERVISORD_BACKGROUND"

// Background is the second process of a daemon that goes into the background.
type Background struct {
	ready *os.File
}

// backgroundParams is what the first process passes to the second one.
type backgroundParams struct {
	Comm  string // the name that the kernel gave the first process
	Files any    // the caller's
}

// Go can't fork itself, so the daemon is a second process of the same binary in a session
// of its own. The first one waits until the second has bound its sockets and is ready to
// detach. Until then an error still goes to the terminal, and the second process's exit
// status becomes that of the first.

// StartInBackground runs this program again with the same arguments and waits
// until it has detached or exited. It returns the exit status to exit with. The second
// process receives files, as JSON.
func StartInBackground(args []string, files any) (status int, err error) {
	self, err := executable.Named()
	if err != nil {
		return 0, fmt.Errorf("go into the background: %w", err)
	}
	text, err := json.Marshal(backgroundParams{Comm(), files})
	if err != nil {
		return 0, fmt.Errorf("go into the background: %w", err)
	}
	readyReader, ready, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer readyReader.Close()
	paramsReader, paramsWriter, err := os.Pipe()
	if err != nil {
		ready.Close()
		return 0, err
	}
	cmd := &exec.Cmd{
		Path:        self,
		Args:        args,
		Env:         append(os.Environ(), backgroundVar+"=3"),
		Stdin:       os.Stdin,
		Stdout:      os.Stdout,
		Stderr:      os.Stderr,
		ExtraFiles:  []*os.File{ready, paramsReader},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	ready.Close()
	paramsReader.Close()
	if err != nil {
		paramsWriter.Close()
		return 0, fmt.Errorf("go into the background: %w", err)
	}
	_, _ = paramsWriter.Write(text) // if the second process has exited, its status says why
	paramsWriter.Close()
	if n, _ := readyReader.Read(make([]byte, 1)); n == 1 {
		return 0, nil
	}
	err = cmd.Wait() // it exited instead
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// InBackground returns nil if this process was not started by StartInBackground. Otherwise
// it decodes the files of the first process into files, which is a pointer, and gives this
// process the kernel's name of the first one. It unsets the environment variable that
// StartInBackground has set.
func InBackground(files any) (*Background, error) {
	fd, err := strconv.Atoi(os.Getenv(backgroundVar))
	if err != nil {
		return nil, nil
	}
	_ = os.Unsetenv(backgroundVar) // it fails only for names that are not valid
	unix.CloseOnExec(fd)
	unix.CloseOnExec(fd + 1)
	b := &Background{ready: os.NewFile(uintptr(fd), "background")}
	paramsReader := os.NewFile(uintptr(fd+1), "background")
	defer paramsReader.Close()
	params := backgroundParams{Files: files}
	if err := json.NewDecoder(paramsReader).Decode(&params); err != nil {
		return nil, fmt.Errorf("go into the background: %w", err)
	}
	SetComm(params.Comm)
	return b, nil
}

// Detach gives up the terminal and lets the first process exit with status 0.
func (b *Background) Detach() error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for fd := range 3 {
		if err := unix.Dup2(int(null.Fd()), fd); err != nil {
			return fmt.Errorf("detach descriptor %d: %w", fd, err)
		}
	}
	defer b.ready.Close()
	_, err = b.ready.Write([]byte{1})
	return err
}
