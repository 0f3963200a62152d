package pidproxy

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const usage = `pidproxy -- run a command, and pass signals on to the process whose pid is in a file.

Usage: %s PIDFILE COMMAND [ARG ...]

TERM, HUP, INT, USR1, USR2 and QUIT are passed on. After TERM, INT and QUIT
pidproxy ends, as it does when the command has ended.
`

// Main runs pidproxy and returns its exit status. args begin with the name of the program.
// It blocks until the command has ended, or until a signal ends the proxy, which leaves
// the command running.
func Main(args []string, stdout, stderr io.Writer) int {
	if len(args) < 3 {
		fmt.Fprintf(stdout, usage, args[0])
		return 1
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT)
	ended, err := start(args[2:])
	if err != nil {
		fmt.Fprintf(stderr, "pidproxy: %v\n", err)
		return 0 // as Supervisor's pidproxy: the proxy itself has not failed
	}
	p := &proxy{pidfile: args[1], stdout: stdout}
	for {
		select {
		case <-ended:
			return 0
		case sig := <-signals:
			finished, err := p.forward(sig.(syscall.Signal))
			if err != nil {
				fmt.Fprintf(stderr, "pidproxy: %v\n", err)
				return 1
			}
			if finished {
				return 0
			}
		}
	}
}

// start starts a command, which is not searched for on PATH. ended is closed when it has
// ended.
func start(argv []string) (ended <-chan struct{}, err error) {
	path, err := filepath.Abs(argv[0])
	if err != nil {
		return nil, err
	}
	command, err := os.StartProcess(path, argv, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = command.Wait() // the exit status does not matter
	}()
	return done, nil
}

type proxy struct {
	pidfile string
	stdout  io.Writer
}

// forward sends a signal to the pid in the pidfile, and reports whether the proxy must end.
// Without a valid pid the signal is lost, and the proxy continues.
func (p *proxy) forward(sig syscall.Signal) (finished bool, err error) {
	pid, err := p.pid()
	if err != nil {
		fmt.Fprintf(p.stdout, "Can't read child pidfile %s!\n", p.pidfile)
		return false, nil
	}
	if err := syscall.Kill(pid, sig); err != nil {
		return false, fmt.Errorf("signal pid %d: %w", pid, err)
	}
	return sig == syscall.SIGTERM || sig == syscall.SIGINT || sig == syscall.SIGQUIT, nil
}

// pid reads the pidfile. It refuses numbers for which kill(2) would signal more than one
// process.
func (p *proxy) pid() (int, error) {
	text, err := os.ReadFile(p.pidfile)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil && pid <= 0 {
		err = errors.New("not a pid")
	}
	return pid, err
}
