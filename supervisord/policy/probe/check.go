package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// Checker runs probes for one program.
type Checker struct {
	// Spawner and Spec are used by exec: only. Spec returns how a command is run:
	// as which user, in which directory and environment.
	Spawner Spawner
	Spec    func(command string) (*spawn.Spec, error)
}

// Check runs a probe once. It returns nil on success, context.Canceled if ctx was
// cancelled, and otherwise an error of one line. It blocks until there is a result
// or ctx ends; ctx should have a deadline. The kinds that programs report
// themselves (notify, fd:, log:) can't be run and give an error.
func (c *Checker) Check(ctx context.Context, p config.Probe) error {
	started := time.Now()
	switch p.Kind {
	case config.HTTPProbe:
		return shortError(ctx, started, httpGet(ctx, p.Address))
	case config.TCPProbe:
		return shortError(ctx, started, dial(ctx, "tcp", p.Address))
	case config.UnixProbe:
		return shortError(ctx, started, dial(ctx, "unix", p.Address))
	case config.FCGIProbe:
		network := "tcp"
		if strings.HasPrefix(p.Address, "/") {
			network = "unix"
		}
		return shortError(ctx, started, fcgiGet(ctx, network, p.Address, p.Path))
	case config.FileProbe:
		_, err := os.Stat(p.Address)
		return shortError(ctx, started, err)
	case config.ExecProbe:
		return c.run(ctx, p.Command)
	case config.NoProbe, config.NotifyProbe, config.FDProbe, config.LogProbe:
	}
	return fmt.Errorf("%s can't be asked", p.Text)
}

func (c *Checker) run(ctx context.Context, command string) error {
	if c.Spec == nil {
		return errors.New("exec: can't be used here")
	}
	spec, err := c.Spec(command)
	if spawn.IsShortage(err) {
		return err
	}
	if err != nil {
		return errors.New(sanitize(err.Error()))
	}
	return Run(ctx, c.Spawner, spec)
}
