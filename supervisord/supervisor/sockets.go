package supervisor

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// sockets makes the sockets of a group: one for each FastCGI program in it,
// which the program's processes share. Each is created once and closed again,
// so that a mistake in the configuration shows before anything is started.
func (s *Supervisor) sockets(conf *config.Group) (map[*config.Socket]*process.Socket, error) {
	made := make(map[*config.Socket]*process.Socket)
	for _, p := range conf.Processes {
		if p.Socket == nil || made[p.Socket] != nil {
			continue
		}
		socket := process.NewSocket(p.Socket, s.Log)
		made[p.Socket] = socket
		if s.isInherited(p.Socket, conf) {
			continue // to create it would take it away from who listens there
		}
		if _, err := socket.Acquire(); err != nil {
			return nil, err
		}
		socket.Release()
	}
	return made, nil
}
