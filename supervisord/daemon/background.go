package daemon

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// backgroundVar tells a process that it is to become the daemon, and which
// descriptor the one that started it listens on. It never reaches a child.
const backgroundVar = "_SUPERVISORD_BACKGROUND"

// Background is the second half of going into the background.
type Background struct{ ready *os.File }

// Go can't fork itself, so the daemon is a second process of the same binary
// in a session of its own. The first one waits until the second has bound its
// sockets and is ready to detach, so that it still ends with an error, on the
// terminal, if there is one.

// StartInBackground runs this program again with the same arguments and waits
// until it has detached or ended. It returns the exit status to end with.
func StartInBackground(args []string) (status int, err error) {
	self := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		if self, err = os.Executable(); err != nil {
			return 0, err
		}
	}
	listen, ready, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer listen.Close()
	cmd := &exec.Cmd{
		Path:        self,
		Args:        args,
		Env:         append(os.Environ(), backgroundVar+"=3"),
		Stdin:       os.Stdin,
		Stdout:      os.Stdout,
		Stderr:      os.Stderr,
		ExtraFiles:  []*os.File{ready},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		ready.Close()
		return 0, fmt.Errorf("go into the background: %w", err)
	}
	ready.Close()
	if n, _ := listen.Read(make([]byte, 1)); n == 1 {
		return 0, nil
	}
	err = cmd.Wait() // it ended instead
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// InBackground tells whether this process is the second one, and takes the
// mark off, so that nobody else sees it.
func InBackground() (*Background, bool) {
	fd, err := strconv.Atoi(os.Getenv(backgroundVar))
	if err != nil {
		return nil, false
	}
	_ = os.Unsetenv(backgroundVar) // it was there, so it can go
	unix.CloseOnExec(fd)
	return &Background{os.NewFile(uintptr(fd), "background")}, true
}

// Detach lets go of the terminal and of the process that waits.
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
