package activation

import (
	"fmt"

	"supervisor/supervisord/system/sockets"
)

// HandedOver is an open socket as a program that this process executes next gets it.
type HandedOver struct {
	Section, URL string
	Family       string
	Path, Host   string
	Port         int
	ReusePort    bool
	FD           int
	Dev, Inode   uint64 // of the file of a unix socket, 0 for none
}

func (b HandedOver) address() address { return address{b.Family, b.Path, b.Host, b.Port, b.ReusePort} }

// socket goes on with what has been handed over. What else its section says is
// not known: it is set when the socket is first asked for.
func (b HandedOver) socket() *socket {
	k := &socket{fd: b.FD}
	k.conf.Section, k.conf.URL = b.Section, b.URL
	if b.Family == "unix" {
		if file, err := sockets.Find(b.Path); err == nil {
			if dev, inode := file.ID(); dev == b.Dev && inode == b.Inode {
				k.file = file
			}
		}
	}
	return k
}

// HandOver returns what another needs to go on. The descriptors are its own;
// files stay when the set is closed.
func (s *Set) HandOver() (all []HandedOver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handedOver = true
	for at, one := range s.all {
		b := HandedOver{Family: at.family, Path: at.path, Host: at.host, Port: at.port, ReusePort: at.reusePort}
		if err := one.handOver(&b); err != nil {
			s.log.Error(fmt.Sprintf("[%s] hand over the socket: %v", b.Section, err))
		} else if b.FD >= 0 {
			all = append(all, b)
		}
	}
	return all
}

func (k *socket) handOver(b *HandedOver) (err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	b.FD, b.Section, b.URL = -1, k.conf.Section, k.conf.URL
	b.Dev, b.Inode = k.file.ID()
	if k.fd >= 0 {
		b.FD, err = duplicate(k.fd)
	}
	return err
}
