package recovery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/daemon"
)

// DryRunOption is the first argument of a dry run. A supervisord that does not know it
// refuses it, and so does not start all programs a second time.
const DryRunOption = "--rehearse"

// ReadyLine is what a binary prints to stdout if it can take over.
const ReadyLine = "supervisord is ready to take over"

// dryRunTimeout is how long a binary may take to say that it is ready.
const dryRunTimeout = 20 * time.Second

// Binary is another binary that can take over.
type Binary struct {
	Path string
	Args []string // argv[0] included
}

// FindBinary returns the binary at an absolute path, or the present file of the running
// one if path is "". args are those of the running one.
func FindBinary(path string, args []string) (Binary, error) {
	if !spawn.CanAdopt {
		return Binary{}, errors.New("a running supervisord can't be upgraded on this system")
	}
	args = slices.Clone(args)
	switch {
	case path == "":
		self, err := os.Executable()
		if err != nil {
			return Binary{}, err
		}
		return Binary{strings.TrimSuffix(self, " (deleted)"), args}, nil // the file was replaced
	case !filepath.IsAbs(path):
		return Binary{}, fmt.Errorf("%s is not an absolute path", path)
	}
	args[0] = path
	return Binary{path, args}, nil
}

// Check runs the binary as a child that reads a configuration and reports whether it
// could take over. The error is what it printed. Check blocks for dryRunTimeout at
// most.
func (b Binary) Check(ctx context.Context, spawner *spawn.Spawner, files *source.Snapshot, origin *Origin, scales []config.Scale) error {
	h := &Handover{Version: Version, Scales: scales, Files: files, Origin: origin}
	f, err := h.file()
	if err != nil {
		return err
	}
	defer f.Close()
	var output, errorOutput headBuffer
	child, err := spawner.Spawn(&spawn.Spec{
		Path: b.Path, Args: slices.Insert(slices.Clone(b.Args), 1, DryRunOption), Env: append(os.Environ(), dryRunEnv+"=0"), Umask: -1,
		Stdin: f, Stdout: &output, Stderr: &errorOutput,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dryRunTimeout)
	defer cancel()
	var exit spawn.Exit
	select {
	case exit = <-child.Exited():
	case <-ctx.Done():
		_ = child.Signal(syscall.SIGKILL, true) // it fails only if the child has just ended
		return fmt.Errorf("%s can't take over: %w", b.Path, ctx.Err())
	}
	switch message := errorOutput.firstLine(); {
	case exit.Code == 0 && output.firstLine() == ReadyLine:
		return nil
	case message != "":
		return fmt.Errorf("%s can't take over: %s", b.Path, strings.TrimPrefix(message, "Error: "))
	default:
		return fmt.Errorf("%s can't take over: it is no supervisord that knows how to (%s)", b.Path, exit)
	}
}

// Exec replaces this process by the binary. It returns only if that fails.
func (b Binary) Exec(h *Handover) error {
	f, err := h.file()
	if err != nil {
		return err
	}
	defer f.Close()
	fds := append(h.Descriptors.Numbers(), int(f.Fd()))
	daemon.KeepOpenOnExec(true, fds...)
	defer daemon.KeepOpenOnExec(false, fds...)
	// The next binary handles these signals only when it has started. Until then they
	// must not end the process.
	signal.Ignore(syscall.SIGHUP, syscall.SIGUSR2)
	err = syscall.Exec(b.Path, b.Args, append(os.Environ(), handoverEnv+"="+strconv.Itoa(int(f.Fd()))))
	return fmt.Errorf("execute %s: %w", b.Path, err)
}

// headBuffer keeps the beginning of what a program prints.
type headBuffer struct {
	mu   sync.Mutex
	text []byte
}

// Write implements output.Sink.
func (h *headBuffer) Write(data []byte) {
	const limit = 4 << 10
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, data[:min(len(data), limit-len(h.text))]...)
}

func (h *headBuffer) firstLine() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(string(h.text)), "\n")
	return line
}
