//go:build !linux

package spawn

import (
	"context"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// poller tells pumps that there is something to read. A goroutine waits for
// each in the runtime's poller.
type poller struct {
	mu    sync.Mutex
	files map[*outputReader]*os.File
}

// pollToken is of no use here.
type pollToken struct{}

func newPoller() (*poller, error) { return &poller{files: make(map[*outputReader]*os.File)}, nil }

// arm has a pump told once of the next output, or of the end of it.
func (p *poller) arm(u *outputReader) error {
	conn, err := p.file(u).SyscallConn()
	if err != nil {
		return err
	}
	go func() {
		err := conn.Read(func(fd uintptr) bool {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, err := unix.Poll(fds, 0)
			return n > 0 || err != nil
		})
		if err == nil { // or it has been removed
			u.handleEvent(false)
		}
	}()
	return nil
}

// file returns the descriptor of a pump as the runtime knows it.
func (p *poller) file(u *outputReader) *os.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files[u] == nil {
		p.files[u] = os.NewFile(uintptr(u.fd), "pipe")
	}
	return p.files[u]
}

// remove forgets a pump and closes its descriptor.
func (p *poller) remove(u *outputReader) {
	p.file(u).Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.files, u)
}

// run has nothing to do.
func (p *poller) run(ctx context.Context) { <-ctx.Done() }
