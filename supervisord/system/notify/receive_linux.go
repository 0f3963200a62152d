package notify

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/procfs"
)

// HandleEvent implements epoll.Handler. It takes one message: the set reports again what
// is left.
func (e *endpoint) HandleEvent(bool) {
	r := e.receiver
	r.mu.Lock()
	if r.byName[e.name] != e { // it was closed meanwhile
		r.mu.Unlock()
		return
	}
	msg, ok := Received{}, false
	if e.path != "" {
		msg, ok = receive(e.fd)
	} else {
		msg, ok = r.readPipe(e)
	}
	msg.Name = e.name
	r.mu.Unlock()
	if ok {
		r.received(msg)
	}
}

// readPipe looks for a newline in a pipe, and closes the pipe once there is nothing more to
// learn from it. The program does not notice: it has both ends.
func (r *Receiver) readPipe(e *endpoint) (msg Received, ok bool) {
	var data [512]byte
	n, err := unix.Read(e.fd, data[:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return msg, false
	case n <= 0:
		r.close(e)
		return Received{Closed: true}, true
	}
	for _, c := range data[:n] {
		if c == '\n' {
			r.close(e)
			return Received{Message: Message{Ready: true}}, true
		}
	}
	return msg, false
}

// receive reads one datagram. It closes the descriptors that come with it, which answers a
// barrier. It returns false if there is no datagram.
func receive(fd int) (msg Received, ok bool) {
	data := make([]byte, MaxLength+1)
	oob := make([]byte, unix.CmsgSpace(unix.SizeofUcred)+unix.CmsgSpace(253*4)) // as many as can come
	n, oobn, flags, _, err := unix.Recvmsg(fd, data, oob, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
	if err != nil {
		return msg, false
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	msg.From = &Sender{UID: -1}
	if err != nil {
		return msg, true
	}
	for _, c := range messages {
		if cred, err := unix.ParseUnixCredentials(&c); err == nil {
			msg.From = &Sender{PID: int(cred.Pid), UID: int(cred.Uid), ancestors: ancestorsOf(int(cred.Pid))}
		}
		if fds, err := unix.ParseUnixRights(&c); err == nil {
			for _, fd := range fds {
				unix.Close(fd)
			}
		}
	}
	if flags&unix.MSG_TRUNC == 0 {
		msg.Message, _ = Parse(data[:n])
	}
	return msg, true
}

// ancestorsOf returns the pids and process groups of a process and its ancestors, up to
// this process.
func ancestorsOf(pid int) []int {
	var ancestors []int
	self := os.Getpid()
	for range 64 { // deep enough, and no endless loop if pids are recycled meanwhile
		if pid <= 1 || pid == self && len(ancestors) > 0 {
			break
		}
		s, err := procfs.ReadStat(pid)
		if err != nil {
			break
		}
		ancestors = append(ancestors, pid, s.Group)
		pid = s.Parent
	}
	return ancestors
}
