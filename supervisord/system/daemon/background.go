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

	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// backgroundVar tells a process that it is to become the daemon, and which
// descriptor the one that started it listens on. On the next one it tells the rest,
// as JSON. The variable never reaches a child.
const backgroundVar = "_SUPERVISORD_BACKGROUND"

// Background is the second half of going into the background.
type Background struct {
	ready *os.File
	backgroundParams
}

// backgroundParams is what the first process tells the second one.
type backgroundParams struct {
	Comm  string           // how the kernel names it
	Files *config.Snapshot // what it has read: a pipe gives its text only once
}

// Go can't fork itself, so the daemon is a second process of the same binary
// in a session of its own. The first one waits until the second has bound its
// sockets and is ready to detach, so that it still ends with an error, on the
// terminal, if there is one.

// StartInBackground runs this program again with the same arguments and waits
// until it has detached or ended. It returns the exit status to end with. The
// second process does not read again what files knows.
func StartInBackground(args []string, files *config.Snapshot) (status int, err error) {
	self, err := spawn.NamedExecutable()
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
	_, _ = paramsWriter.Write(text) // if the other one has ended, its exit status tells why
	paramsWriter.Close()
	if n, _ := readyReader.Read(make([]byte, 1)); n == 1 {
		return 0, nil
	}
	err = cmd.Wait() // it ended instead
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// InBackground returns what the first process has told this one, nil if this process
// is the first one. It takes the mark off, so that nobody else sees it, and has the
// kernel name the process as it named the first one.
func InBackground() (*Background, error) {
	fd, err := strconv.Atoi(os.Getenv(backgroundVar))
	if err != nil {
		return nil, nil
	}
	_ = os.Unsetenv(backgroundVar) // it was there, so it can go
	unix.CloseOnExec(fd)
	unix.CloseOnExec(fd + 1)
	b := &Background{ready: os.NewFile(uintptr(fd), "background")}
	paramsReader := os.NewFile(uintptr(fd+1), "background")
	defer paramsReader.Close()
	if err := json.NewDecoder(paramsReader).Decode(&b.backgroundParams); err != nil {
		return nil, fmt.Errorf("go into the background: %w", err)
	}
	SetComm(b.Comm)
	return b, nil
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
