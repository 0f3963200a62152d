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

// Main runs pidproxy with the arguments, of which the first is the program's
// name, and returns its exit status. It blocks until the command has ended or
// a signal has ended the proxy, which leaves the command to itself.
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
		return 0 // as Supervisor's: the proxy itself is in order
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

// start runs a command, which is not searched for on PATH. The channel is
// closed when it has ended.
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
		_, _ = command.Wait() // how it ended is nobody's business
	}()
	return done, nil
}

type proxy struct {
	pidfile string
	stdout  io.Writer
}

// forward sends a signal to whom the pidfile names and tells whether the proxy's
// work is done. Without a pid the signal is lost, and the proxy goes on.
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

// pid reads the pidfile. Numbers that would make the signal go to more than
// one process are none.
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
