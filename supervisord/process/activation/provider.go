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

// firstFD is the first descriptor that a program gets.
const firstFD = 3

// provider gives the processes of one configuration their sockets.
type provider struct {
	set     *Set
	list    []*config.ListenSocket
	setsEnv bool // the environment names them
}

// Provider returns the provider of a process's sockets, nil if it has none.
func (s *Set) Provider(conf *config.Process) process.Provider {
	if s == nil || len(conf.Listen) == 0 {
		return nil
	}
	return provider{s, conf.Listen, setsListenEnv(conf)}
}

// setsListenEnv decides whether the environment of a program names its sockets. If its
// command names them, the environment must not: gunicorn would try to use each of them
// twice.
func setsListenEnv(conf *config.Process) bool {
	if conf.ListenEnv == config.Auto {
		return !strings.Contains(conf.Command, "fd://")
	}
	return conf.ListenEnv == config.Yes
}

// Provide implements process.Provider. The child gets duplicates, so that the set can
// close its own meanwhile.
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
		fd, err := p.set.acquire(c)
		if err != nil {
			release()
			return process.Provision{}, err
		}
		copies = append(copies, fd)
		files = append(files, spawn.File{FD: firstFD + i, File: rawFD(fd)})
		names = append(names, c.Name)
	}
	one := process.Provision{Files: files, Release: release}
	if p.setsEnv {
		one.Env = []string{"LISTEN_FDS=" + strconv.Itoa(len(files)), "LISTEN_FDNAMES=" + strings.Join(names, ":")}
		one.ListenPID = true
	}
	return one, nil
}

// rawFD is a descriptor that is no *os.File.
type rawFD int

// Fd implements spawn.Descriptor.
func (d rawFD) Fd() uintptr { return uintptr(d) }

// holder is a process that may have a child.
type holder interface{ FullName() string }

// Observe notes which sockets the child of a process has. It is called after each change
// of the status of a process, and does not block.
func (s *Set) Observe(p *process.Process) {
	if s == nil || len(p.Config.Listen) == 0 {
		return
	}
	s.setHolder(p, p.Config.Listen, p.Status().PID != 0)
}

func (s *Set) setHolder(p holder, list []*config.ListenSocket, alive bool) {
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

// hasHolder reports whether a living child has the socket.
func (s *Set) hasHolder(at address) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.holders[at]) > 0
}

// Explain says why a process can't get its sockets.
func (s *Set) Explain(p *process.Process) []api.Reason {
	if s == nil {
		return nil
	}
	var causes []api.Reason
	for _, c := range p.Config.Listen {
		if text := s.failure(c); text != "" {
			causes = append(causes, api.Reason{Kind: "socket", Text: text})
		}
	}
	return causes
}

// Describe describes a socket. The caller adds which processes use it.
func (s *Set) Describe(c *config.ListenSocket) api.SocketInfo {
	info := api.SocketInfo{Name: c.Name, URL: c.URL, State: "closed", Waiting: -1, Backlog: -1, Processes: []string{}}
	if s == nil {
		return info
	}
	one := s.lookup(addressOf(c))
	if one == nil {
		return info
	}
	one.describe(&info)
	return info
}
