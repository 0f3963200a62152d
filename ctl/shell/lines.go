package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// lines reads a source line by line. Waiting for a line can be interrupted.
type lines struct {
	r      io.Reader
	unread []byte
}

// next returns the next line without its newline. The error is io.EOF at the end
// of the input; on a terminal, more can be typed after that (Ctrl-D).
func (l *lines) next(ctx context.Context) (string, error) {
	chunk := make([]byte, 4096)
	for {
		if line, rest, ok := bytes.Cut(l.unread, []byte("\n")); ok {
			l.unread = rest
			return string(line), nil
		}
		if err := l.await(ctx); err != nil {
			return "", err
		}
		n, err := l.r.Read(chunk)
		l.unread = append(l.unread, chunk[:n]...)
		if err != nil && len(l.unread) > 0 {
			line := string(l.unread)
			l.unread = nil
			return line, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// await blocks until there is something to read or the context ends. Only a file,
// such as a terminal or a pipe, can be waited for; await returns at once for any
// other reader.
func (l *lines) await(ctx context.Context) error {
	file, ok := l.r.(*os.File)
	if !ok || ctx.Done() == nil {
		return ctx.Err()
	}
	done, stop, err := contextPipe(ctx)
	if err != nil {
		return err
	}
	defer stop()
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	// Control keeps the descriptor from being closed and reused meanwhile.
	if controlErr := conn.Control(func(fd uintptr) { err = pollEither(fd, done.Fd()) }); controlErr != nil {
		return controlErr
	}
	if err != nil {
		return err
	}
	return ctx.Err()
}

// pollEither blocks until one of two descriptors is readable.
func pollEither(a, b uintptr) error {
	fds := []unix.PollFd{{Fd: int32(a), Events: unix.POLLIN}, {Fd: int32(b), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("poll", err)
		}
	}
}

// contextPipe returns a file that becomes readable when the context ends.
func contextPipe(ctx context.Context) (done *os.File, stop func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	unregister := context.AfterFunc(ctx, func() { w.Close() })
	return r, func() {
		if unregister() {
			w.Close()
		}
		r.Close()
	}, nil
}
