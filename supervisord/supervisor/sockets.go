package supervisor

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/sockets"
)

// sockets makes the sockets of a group: one for each FastCGI program in it,
// which the program's processes share. Each is created once and closed again,
// so that a mistake in the configuration shows before anything is started.
func (s *Supervisor) sockets(conf *config.Group) (map[*config.FastCGISocket]*sockets.Shared, error) {
	made := make(map[*config.FastCGISocket]*sockets.Shared)
	for _, p := range conf.Processes {
		if p.Socket == nil || made[p.Socket] != nil {
			continue
		}
		socket := process.NewSocket(p.Socket, s.opts.Log)
		made[p.Socket] = socket
		if s.isHandedOver(p.Socket, conf) {
			continue // to create it would take it away from who listens there
		}
		if _, err := socket.Acquire(); err != nil {
			return nil, err
		}
		socket.Release()
	}
	return made, nil
}

// connectSockets has the sockets of [socket:x] take part in births.
func (s *Supervisor) connectSockets() {
	if s.opts.Sockets == nil {
		return
	}
	s.Provide(s.opts.Sockets.Provider)
	s.Observe(s.opts.Sockets.Observe)
	s.Explain(s.opts.Sockets.Explain)
}

// closeUnusedSockets closes those that are named neither by a process in use nor by
// the configuration as last read: one that is about to be put to use again finds
// its socket as it was.
func (s *Supervisor) closeUnusedSockets() {
	if s.opts.Sockets.IsEmpty() {
		return
	}
	var wanted []*config.ListenSocket
	for _, g := range s.conf.Current().Groups {
		for _, c := range g.Processes {
			wanted = append(wanted, c.Listen...)
		}
	}
	for _, g := range s.groups.List() {
		for _, p := range g.Processes {
			wanted = append(wanted, p.Config.Listen...)
		}
	}
	s.opts.Sockets.KeepOnly(wanted)
}

// ListenSockets tells of all [socket:x], those of the configuration as last read
// first, in its order, then others that are in use still.
func (s *Supervisor) ListenSockets() []api.SocketInfo {
	list := s.conf.Current().Sockets
	users := make(map[config.ListenSocket][]string)
	for _, p := range s.groups.Sorted() {
		for _, c := range p.Config.Listen {
			if users[*c] == nil && !hasSocket(list, c) {
				list = append(list[:len(list):len(list)], c)
			}
			users[*c] = append(users[*c], p.FullName())
		}
	}
	infos := make([]api.SocketInfo, len(list))
	for i, c := range list {
		infos[i] = s.opts.Sockets.Describe(c)
		infos[i].Processes = append(infos[i].Processes, users[*c]...)
	}
	return infos
}

func hasSocket(list []*config.ListenSocket, c *config.ListenSocket) bool {
	for _, one := range list {
		if *one == *c {
			return true
		}
	}
	return false
}
