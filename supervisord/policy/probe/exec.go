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

// Spawner gives birth to the commands that probes run.
type Spawner interface {
	Spawn(*spawn.Spec) (spawn.Child, error)
}

// maxOutput is how much of a command's output is kept, in bytes.
const maxOutput = 4 << 10

// maxClause is how much of a strange text goes into an error, in bytes.
const maxClause = 200

// Run runs a command and is content with an exit status of 0. Where the
// output goes is not the Spec's business: its end tells why the command failed.
// When ctx ends before the command does, all of its process group is killed.
func Run(ctx context.Context, spawner Spawner, spec *spawn.Spec) error {
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer nothing.Close()
	said := &output{}
	own := *spec
	own.Stdin, own.Stdout, own.Stderr = nothing, said, nil
	begun := time.Now()
	child, err := spawner.Spawn(&own)
	if err != nil {
		return fmt.Errorf("run %s: %w", own.Args[0], err)
	}
	select {
	case e := <-child.Exited():
		if e.Code == 0 {
			return nil
		}
		if words := said.lastLine(); words != "" {
			return fmt.Errorf("%s: %s", e, words)
		}
		return errors.New(e.String())
	case <-ctx.Done():
		_ = child.Signal(syscall.SIGKILL, true) // or it has just ended
		if ctx.Err() == context.Canceled {
			return context.Canceled
		}
		return fmt.Errorf("no end within %s", rounded(time.Since(begun)))
	}
}

// output keeps the end of what a command says.
type output struct {
	mu   sync.Mutex
	text []byte
}

// Write implements spawn.Output.
func (o *output) Write(data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, data[max(0, len(data)-maxOutput):]...)
	if extra := len(o.text) - maxOutput; extra > 0 {
		o.text = append(o.text[:0], o.text[extra:]...)
	}
}

// lastLine is where programs say what went wrong.
func (o *output) lastLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := bytes.TrimSpace(o.text)
	return clean(string(text[bytes.LastIndexByte(text, '\n')+1:]))
}

// clean makes a strange text fit for a line among others.
func clean(s string) string {
	s = strings.TrimSpace(printable.Text(strings.ToValidUTF8(s, "?")))
	if len(s) > maxClause {
		s = strings.ToValidUTF8(s[:maxClause], "") + "…"
	}
	return s
}
