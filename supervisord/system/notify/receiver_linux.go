package notify

import (
	"context"
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/epoll"
)

// Receiver receives the notifications of all programs. Its methods may be called from
// anywhere.
type Receiver struct {
	dir      string
	received func(Received)
	opened   chan struct{} // closed when there is something to wait for

	mu     sync.Mutex
	poller *epoll.Poller // nil until something is opened
	byName map[string]*endpoint
	closed bool
}

// NewReceiver returns a receiver that keeps its sockets in the directory dir, which it
// creates with the first socket. It calls received from the goroutine of Run. Nothing is
// opened before Listen, Pipe, ReopenPipe or Restore.
func NewReceiver(dir string, received func(Received)) *Receiver {
	return &Receiver{dir: dir, received: received, opened: make(chan struct{}), byName: make(map[string]*endpoint)}
}

// Run receives notifications until ctx ends.
func (r *Receiver) Run(ctx context.Context) {
	select {
	case <-r.opened:
		r.poller.Run(ctx)
	case <-ctx.Done():
	}
}

// Has reports whether there is a socket or a pipe of that name.
func (r *Receiver) Has(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byName[name] != nil
}

// Close closes the socket or pipe of that name, if there is one.
func (r *Receiver) Close(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byName[name]; e != nil {
		r.close(e)
	}
}

// CloseAll closes all sockets and pipes and removes the files. Run must have returned. After
// HandOver it does nothing.
func (r *Receiver) CloseAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	for _, e := range r.byName {
		r.close(e)
	}
	r.removeDir()
	r.closeEpoll()
}

// removeDir removes the directory, with the sockets that a crashed daemon has left.
func (r *Receiver) removeDir() {
	dir, err := openDir(r.dir)
	if err != nil {
		return
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Type() == os.ModeSocket {
			_ = unix.Unlinkat(dir.fd(), e.Name(), 0)
		}
	}
	_ = unix.Rmdir(r.dir) // it fails if there are other files
}

// closeEpoll closes the epoll set.
func (r *Receiver) closeEpoll() {
	r.closed = true
	if r.poller != nil {
		r.poller.Close()
	}
}

// HandOver stops receiving and returns what another program needs to go on with the sockets
// and pipes that are to be kept, and puts what is open into set. It closes the others. Run
// must have returned.
func (r *Receiver) HandOver(set descriptors.Set, keep func(name string) bool) []State {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []State
	for _, e := range r.byName {
		if !keep(e.name) {
			r.close(e)
			continue
		}
		r.poller.Remove(e.token, e.fd)
		state := State{Name: e.name, Path: e.path}
		set.Put(state.Key(), e.fd)
		all = append(all, state)
	}
	clear(r.byName)
	r.closeEpoll()
	return all
}

// Restore goes on with the sockets and pipes of another Receiver. It takes what is open from
// set, and closes what can't be used.
func (r *Receiver) Restore(all []State, set descriptors.Set) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var failed []error
	for _, s := range all {
		fd := set.Take(s.Key())
		if fd < 0 {
			continue
		}
		unix.CloseOnExec(fd)
		failed = append(failed, r.add(&endpoint{receiver: r, name: s.Name, fd: fd, path: s.Path}))
	}
	return errors.Join(failed...)
}

// add starts to wait for an endpoint. It owns the descriptor, also if it fails.
func (r *Receiver) add(e *endpoint) error {
	if old := r.byName[e.name]; old != nil {
		path := old.path
		old.path = "" // the file already belongs to the new endpoint
		r.close(old)
		if path != "" && path != e.path {
			removeSocket(path)
		}
	}
	err := r.openEpoll()
	if err == nil {
		e.token, err = r.poller.Add(e.fd, epoll.Readable, e)
	}
	if err != nil {
		unix.Close(e.fd)
		return err
	}
	r.byName[e.name] = e
	return nil
}

// openEpoll makes the epoll set when it is first needed.
func (r *Receiver) openEpoll() (err error) {
	switch {
	case r.closed:
		return os.ErrClosed
	case r.poller != nil:
		return nil
	}
	if r.poller, err = epoll.New(); err != nil {
		return err
	}
	close(r.opened)
	return nil
}

func (r *Receiver) close(e *endpoint) {
	if e.path != "" {
		removeSocket(e.path)
	}
	r.poller.CloseFD(e.token, e.fd)
	delete(r.byName, e.name)
}
