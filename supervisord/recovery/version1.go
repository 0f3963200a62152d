package recovery

import (
	"encoding/json"

	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/policy/health"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/activation"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/notify"
)

// handover1 is form 1 of a handover. Each part holds the numbers of its descriptors. The
// embedded Handover has what is the same in both forms.
type handover1 struct {
	Handover
	Groups  []group1
	Servers []server1
	Pidfile int // -1 for none
	Health  map[string]health.ChildState
	Heard   []endpoint1
	Sockets []socket1
}

type group1 struct {
	Name      string
	Pool      *listener.State
	Processes []process1
}

type process1 struct {
	process.State
	FDs    [3]int // of stdin, stdout and stderr, -1 for none; all 0 without a child
	Socket int    // of a FastCGI program, -1 for none
}

type server1 struct {
	httpd.State
	FD    int
	Conns []int
	Read  map[int][]byte // by the descriptors of connections
}

type endpoint1 struct {
	notify.State
	FD int
}

type socket1 struct {
	activation.State
	FD int
}

// decode1 reads form 1 and returns it in the present form.
func decode1(data []byte) (*Handover, error) {
	var old handover1
	if err := json.Unmarshal(data, &old); err != nil {
		return nil, err
	}
	h := &old.Handover
	h.Version = Version
	h.Descriptors = descriptors.Set{}
	h.Descriptors.Put(pidfileKey, old.Pidfile)
	h.Pools = make(map[string]listener.State)
	for _, g := range old.Groups {
		if g.Pool != nil {
			h.Pools[g.Name] = *g.Pool
		}
		for _, p := range g.Processes {
			h.Processes = append(h.Processes, p.State)
			p.put(h.Descriptors)
		}
	}
	for _, s := range old.Servers {
		h.Servers = append(h.Servers, s.convert(h.Descriptors))
	}
	for _, s := range old.Sockets {
		h.Sockets = append(h.Sockets, s.State)
		h.Descriptors.Put(s.Key(), s.FD)
	}
	h.Health.Children = old.Health
	for _, e := range old.Heard {
		h.Health.Endpoints = append(h.Health.Endpoints, e.State)
		h.Descriptors.Put(e.Key(), e.FD)
	}
	return h, nil
}

// put puts the descriptors into set.
func (p *process1) put(set descriptors.Set) {
	if p.PID != 0 {
		for i, key := range p.PipeKeys() {
			set.Put(key, p.FDs[i])
		}
	}
	set.Put(p.SocketKey(), p.Socket)
}

func (s *server1) convert(set descriptors.Set) httpd.State {
	state := s.State
	set.Put(state.ListenerKey(), s.FD)
	for i, fd := range s.Conns {
		set.Put(state.ConnKey(i), fd)
		state.Conns = append(state.Conns, httpd.ConnState{Read: s.Read[fd]})
	}
	return state
}
