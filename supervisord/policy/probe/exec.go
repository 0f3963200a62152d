package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/logs/printable"
	"supervisor/supervisord/spawn"
)

// Spawner starts the commands of probes.
type Spawner interface {
	Spawn(*spawn.Spec) (spawn.Child, error)
}

// maxOutput is how much of a command's output is kept, in bytes.
const maxOutput = 4 << 10

// maxErrorText is how much of an untrusted text goes into an error, in bytes.
const maxErrorText = 200

// Run runs a command and returns nil if its exit status is 0. It replaces stdin,
// stdout and stderr of the spec: the last line of output becomes part of the error.
// If ctx ends before the command does, its whole process group is killed.
func Run(ctx context.Context, spawner Spawner, spec *spawn.Spec) error {
	devNull, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer devNull.Close()
	out := &tailBuffer{}
	own := *spec
	own.Stdin, own.Stdout, own.Stderr = devNull, out, nil
	started := time.Now()
	child, err := spawner.Spawn(&own)
	if err != nil {
		return fmt.Errorf("run %s: %w", own.Args[0], err)
	}
	select {
	case e := <-child.Exited():
		if e.Code == 0 {
			return nil
		}
		if text := out.lastLine(); text != "" {
			return fmt.Errorf("%s: %s", e, text)
		}
		return errors.New(e.String())
	case <-ctx.Done():
		_ = child.Signal(syscall.SIGKILL, true) // or it has just ended
		if ctx.Err() == context.Canceled {
			return context.Canceled
		}
		return fmt.Errorf("no end within %s", rounded(time.Since(started)))
	}
}

// tailBuffer keeps the end of a command's output.
type tailBuffer struct {
	mu   sync.Mutex
	text []byte
}

// Write implements output.Sink.
func (o *tailBuffer) Write(data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, data[max(0, len(data)-maxOutput):]...)
	if extra := len(o.text) - maxOutput; extra > 0 {
		o.text = append(o.text[:0], o.text[extra:]...)
	}
}

// lastLine returns the last line of output, where programs report what went wrong.
func (o *tailBuffer) lastLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := bytes.TrimSpace(o.text)
	return sanitize(string(text[bytes.LastIndexByte(text, '\n')+1:]))
}

// sanitize makes an untrusted text printable on one line.
func sanitize(s string) string {
	s = strings.TrimSpace(printable.Text(strings.ToValidUTF8(s, "?")))
	if len(s) > maxErrorText {
		s = strings.ToValidUTF8(s[:maxErrorText], "") + "…"
	}
	return s
}
