package activation

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/spawn"
)

// first is the first descriptor of those that a program gets.
const first = 3

// provider gives the processes of one configuration their sockets.
type provider struct {
	set   *Set
	list  []*config.ListenSocket
	tells bool // of them in the environment
}

// Provider returns what gives a process its sockets, nil if it wants none.
func (s *Set) Provider(conf *config.Process) process.Provider {
	if s == nil || len(conf.Listen) == 0 {
		return nil
	}
	return provider{s, conf.Listen, tells(conf)}
}

// tells decides whether the environment tells a program of its sockets. One that
// is told by its command not only need not be: gunicorn would use each of them
// twice, which it can't.
func tells(conf *config.Process) bool {
	if conf.ListenEnv == config.Auto {
		return !strings.Contains(conf.Command, "fd://")
	}
	return conf.ListenEnv == config.Yes
}

// Provide implements process.Provider. The child gets duplicates, so that the
// set is free to close what it has during a birth.
func (p provider) Provide() (process.Provision, error) {
	var copies []int
	release := func() {
		for _, fd := range copies {
			unix.Close(fd)
		}
	}
	var files []spawn.File
	var names []string
	for i, c := range p.list {
		fd, err := p.set.take(c)
		if err != nil {
			release()
			return process.Provision{}, err
		}
		copies = append(copies, fd)
		files = append(files, spawn.File{FD: first + i, File: descriptor(fd)})
		names = append(names, c.Name)
	}
	one := process.Provision{Files: files, Release: release}
	if p.tells {
		one.Env = []string{"LISTEN_FDS=" + strconv.Itoa(len(files)), "LISTEN_FDNAMES=" + strings.Join(names, ":")}
		one.ListenPID = true
	}
	return one, nil
}

// descriptor is a bare one.
type descriptor int

// Fd implements spawn.Descriptor.
func (d descriptor) Fd() uintptr { return uintptr(d) }

// holder is a process that may be alive.
type holder interface{ FullName() string }

// Observe takes note of who is alive with which sockets. It is to be called
// after each change of the status of a process, and does not block.
func (s *Set) Observe(p *process.Process) {
	if s == nil || len(p.Config.Listen) == 0 {
		return
	}
	s.hold(p, p.Config.Listen, p.Status().PID != 0)
}

func (s *Set) hold(p holder, list []*config.ListenSocket, alive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		at := addressOf(c)
		if !alive {
			delete(s.holders[at], p)
			if len(s.holders[at]) == 0 {
				delete(s.holders, at)
			}
			continue
		}
		if s.holders[at] == nil {
			s.holders[at] = make(map[holder]struct{})
		}
		s.holders[at][p] = struct{}{}
	}
}

// isHeld tells whether somebody is alive who has the socket.
func (s *Set) isHeld(at address) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.holders[at]) > 0
}

// Explain tells why a process can't have its sockets.
func (s *Set) Explain(p *process.Process) []api.Cause {
	if s == nil {
		return nil
	}
	var causes []api.Cause
	for _, c := range p.Config.Listen {
		if text := s.failure(c); text != "" {
			causes = append(causes, api.Cause{Kind: "socket", Text: text})
		}
	}
	return causes
}

// Describe tells of a socket. Who wants it is for the caller to add.
func (s *Set) Describe(c *config.ListenSocket) api.SocketInfo {
	info := api.SocketInfo{Name: c.Name, URL: c.URL, State: "closed", Waiting: -1, Backlog: -1, Processes: []string{}}
	if s == nil {
		return info
	}
	one := s.look(addressOf(c))
	if one == nil {
		return info
	}
	one.describe(&info)
	return info
}
