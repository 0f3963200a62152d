package sockets

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	// LookupTimeout is how long the lookup of a host name may take. The owner of a
	// process can't handle a stop request while it waits for the lookup, and the
	// supervisor can't add another group.
	LookupTimeout = 2 * time.Second
	// SlowFailure is the time after which a failed attempt counts as slow. The
	// failure is then the answer to all attempts in the next SlowFailure: the
	// processes of a program take turns, and each would wait for the lookup.
	SlowFailure = 500 * time.Millisecond
)

// Options says where a socket listens: at Unix if it is set, else at TCP.
type Options struct {
	Unix *UnixOptions
	TCP  TCPOptions
}

// Listen returns a listening socket, and its file if it is a unix socket. It
// blocks for LookupTimeout at most.
func (o Options) Listen() (fd int, file *File, err error) {
	if o.Unix != nil {
		return Unix(*o.Unix)
	}
	ctx, cancel := context.WithTimeout(context.Background(), LookupTimeout)
	defer cancel()
	fd, err = TCP(ctx, o.TCP)
	return fd, nil, err
}

// Attempts repeats the error of an attempt that failed slowly, instead of trying
// again at once. It is not safe for concurrent use.
type Attempts struct {
	err     error
	retryAt time.Time // until then err is the answer
}

// Do calls try, unless the last call failed slowly just now. It returns the error
// of this or the last attempt.
func (a *Attempts) Do(try func() error) error {
	started := time.Now()
	if started.Before(a.retryAt) {
		return a.err
	}
	if a.err = try(); a.err == nil {
		return nil
	}
	if now := time.Now(); now.Sub(started) > SlowFailure {
		a.retryAt = now.Add(SlowFailure)
	}
	return a.err
}

// SharedOptions describe a socket that several processes share.
type SharedOptions struct {
	Options
	URL string // as the log shows it
	Log *slog.Logger
	// Wrap turns an error of Listen into the one that Acquire returns.
	Wrap func(error) error
}

// Shared is a listening socket that several processes share. It is open while at
// least one of them has it; a client that connects while none accepts waits in
// the backlog. Its methods may be called from anywhere.
type Shared struct {
	o      SharedOptions
	listen func() (fd int, file *File, err error)

	mu       sync.Mutex
	users    int
	file     *os.File // nil without users
	unixFile *File    // nil for none
	attempts Attempts
}

// NewShared returns a socket that is not open.
func NewShared(o SharedOptions) *Shared { return &Shared{o: o, listen: o.Listen} }

// Acquire returns the socket and opens it for the first user. It blocks for
// LookupTimeout at most.
func (s *Shared) Acquire() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		if err := s.attempts.Do(s.open); err != nil {
			return nil, err
		}
	}
	s.users++
	return s.file, nil
}

func (s *Shared) open() error {
	s.o.Log.Info("Creating socket " + s.o.URL)
	fd, file, err := s.listen()
	if err != nil {
		return s.o.Wrap(err)
	}
	s.file, s.unixFile = os.NewFile(uintptr(fd), "socket"), file
	return nil
}

// Adopt is Acquire for a process that has the socket already. Shared owns file
// from now on.
func (s *Shared) Adopt(file *os.File) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users > 0 {
		file.Close()
	} else {
		s.file = file
		if s.o.Unix != nil {
			s.unixFile, _ = Find(s.o.Unix.Path) // the file stays behind if it is not found now
		}
	}
	s.users++
	return s.file, nil
}

// Release gives back what one Acquire or Adopt returned. The last user closes the
// socket.
func (s *Shared) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	s.o.Log.Info("Closing socket " + s.o.URL)
	s.unixFile.Remove() // while the socket is open: see File.Remove
	s.file.Close()
	s.file, s.unixFile = nil, nil
}
