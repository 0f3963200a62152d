package activation

import (
	"fmt"

	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/sockets"
)

// State is an open socket that another binary goes on with.
type State struct {
	Section, URL string
	Family       string
	Path         string `json:",omitempty"`
	Host         string `json:",omitempty"`
	Port         int    `json:",omitempty"`
	ReusePort    bool   `json:",omitempty"`
	Dev          uint64 `json:",omitempty"` // of the file of a unix socket, 0 for none
	Inode        uint64 `json:",omitempty"`
}

func (s State) address() address { return address{s.Family, s.Path, s.Host, s.Port, s.ReusePort} }

// Key is the key of the socket's descriptor.
func (s State) Key() string {
	if s.Family == "unix" {
		return "socket/unix:" + s.Path
	}
	return fmt.Sprintf("socket/tcp:%s:%d,reuseport=%t", s.Host, s.Port, s.ReusePort)
}

// restore goes on with a socket that was handed over. What else its section says is not
// known: it is set when a program first needs the socket.
func (s State) restore(fd int) *socket {
	k := &socket{fd: fd}
	k.conf.Section, k.conf.URL = s.Section, s.URL
	if s.Family == "unix" {
		if file, err := sockets.Find(s.Path); err == nil {
			if dev, inode := file.ID(); dev == s.Dev && inode == s.Inode {
				k.file = file
			}
		}
	}
	return k
}

// HandOver returns what another binary needs to go on, and puts duplicates of what is
// open into set. The files of unix sockets stay when s is closed.
func (s *Set) HandOver(set descriptors.Set) (all []State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handedOver = true
	for at, one := range s.all {
		state := State{Family: at.family, Path: at.path, Host: at.host, Port: at.port, ReusePort: at.reusePort}
		switch open, err := one.handOver(&state, set); {
		case err != nil:
			s.log.Error(fmt.Sprintf("[%s] hand over the socket: %v", state.Section, err))
		case open:
			all = append(all, state)
		}
	}
	return all
}

// handOver fills in state. It returns false if the socket is not open.
func (k *socket) handOver(state *State, set descriptors.Set) (open bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	state.Section, state.URL = k.conf.Section, k.conf.URL
	state.Dev, state.Inode = k.file.ID()
	if k.fd < 0 {
		return false, nil
	}
	return true, set.Add(state.Key(), k.fd)
}
