package supervisor

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/sockets"
)

// sockets makes the sockets of a group: one for each FastCGI program, shared by its
// processes. Each is created once and closed again, so that a mistake in the configuration
// shows before anything is started.
func (s *Supervisor) sockets(conf *config.Group) (map[*config.FastCGISocket]*sockets.Shared, error) {
	made := make(map[*config.FastCGISocket]*sockets.Shared)
	for _, p := range conf.Processes {
		if p.Socket == nil || made[p.Socket] != nil {
			continue
		}
		socket := process.NewSocket(p.Socket, s.opts.Log)
		made[p.Socket] = socket
		if s.isHandedOver(p.Socket, conf) {
			continue // a child listens on it: creating it would take it away
		}
		if _, err := socket.Acquire(); err != nil {
			return nil, err
		}
		socket.Release()
	}
	return made, nil
}

// connectSockets lets the sockets of [socket:x] take part in spawns.
func (s *Supervisor) connectSockets() {
	if s.opts.Sockets == nil {
		return
	}
	s.Provide(s.opts.Sockets.Provider)
	s.Observe(s.opts.Sockets.Observe)
	s.Explain(s.opts.Sockets.Explain)
}

// closeUnusedSockets closes the sockets that neither a process in use nor the configuration
// as last read names. A process that is about to be used again keeps its socket.
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

// ListenSockets describes all [socket:x]: those of the configuration as last read in its
// order, then others that are still in use.
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
