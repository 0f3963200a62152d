package httpd

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"supervisor/supervisord/server/httpd/conns"
)

// gracePeriod is how long requests under way may take when serving ends.
const gracePeriod = time.Second

// Serve answers requests on all servers until ctx ends or one of them fails. When it
// returns, listeners are closed, unix sockets removed and streams ended. Calls under
// way are still answered if their answer is ready within a second.
func (s *Servers) Serve(ctx context.Context, h Handlers) error {
	group, running := errgroup.WithContext(ctx)
	calls, cancelCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelCalls()
	var servers []*server
	tcp := conns.NewLimiter(conns.MaxTCP())
	for _, ep := range s.endpoints {
		srv := s.newServer(calls, ep, h, tcp)
		servers = append(servers, srv)
		for _, l := range srv.listeners {
			group.Go(func() error {
				if err := srv.serve(l); !s.paused.Load() {
					return err
				}
				return nil // the next binary accepts
			})
		}
	}
	<-running.Done()
	s.streams.stop()
	if !s.paused.Load() {
		for _, ep := range s.endpoints {
			ep.removeFile()
		}
	}
	deadline, cancel := context.WithTimeout(calls, gracePeriod)
	defer cancel()
	var ending sync.WaitGroup
	for _, srv := range servers {
		ending.Go(func() { srv.shutdown(deadline) })
	}
	ending.Wait()
	return errors.Join(group.Wait(), s.Close())
}
