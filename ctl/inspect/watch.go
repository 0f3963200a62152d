package inspect

import (
	"context"
	"fmt"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/follow"
	"supervisor/ctl/session"
)

// repaintPause is how long watchStatus waits after it has shown the status: many processes
// may change at once.
const repaintPause = 50 * time.Millisecond

// clearScreen moves the cursor to the first line and clears everything.
const clearScreen = "\x1b[H\x1b[2J"

// watchStatus shows the status again whenever a process changes its state, until ctx ends.
// It waits for events of the daemon: while nothing changes, nothing is asked.
func watchStatus(ctx context.Context, s *session.Session, in action.Arguments) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The events have a connection of their own, so they may come while the status is asked.
	changed, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- follow.Events(ctx, s, []string{"PROCESS_STATE", "PROCESS_GROUP"}, func(string, []byte) error {
			select {
			case changed <- struct{}{}:
			default: // one is waiting already
			}
			return nil
		})
	}()
	for first := true; ; first = false {
		select {
		case <-changed: // the first time once the daemon has subscribed us
		case err := <-ended:
			if ctx.Err() != nil {
				s.Print("")
				return nil
			}
			return err
		}
		if s.IsTerminal() {
			fmt.Fprint(s.Out(), clearScreen)
		} else if !first {
			s.Print("")
		}
		// Between a crash and the next start, nobody answers; then the events begin again.
		if err := showStatus(ctx, s, in); err != nil && first {
			return err
		}
		select {
		case <-time.After(repaintPause):
		case <-ctx.Done():
		}
	}
}
