package recovery

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/policy/health"
	"supervisor/supervisord/process/activation"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/notify"
)

// Version is the newest form of a handover that is understood.
const Version = 1

// Handover is what a daemon passes to another binary that this process executes. The
// children stay children of the process, and what is open stays open.
type Handover struct {
	Version  int // of the form, see Version
	Upgrades int // how many there have been, this one included
	Serial   uint64
	Groups   []HandedGroup
	Servers  []httpd.SavedServer
	Pidfile  int            // descriptor, -1 for none
	Signals  []int          // that have arrived and have not been handled
	Comm     string         `json:",omitempty"` // how the kernel names the process
	Scales   []config.Scale `json:",omitempty"`
	// Health, Heard and Sockets are what programs reported, and where they report.
	Health  map[string]health.State `json:",omitempty"`
	Heard   []notify.HandedOver     `json:",omitempty"`
	Sockets []activation.HandedOver `json:",omitempty"`

	// Files and Origin are what the next binary reads its configuration from. It does
	// not read the files again: they may have changed since it checked them.
	Files  *source.Snapshot `json:",omitempty"`
	Origin *Origin          `json:",omitempty"`
}

// Origin is where and how this process was started: what relative paths are relative
// to, and what is asked for once only.
type Origin struct {
	Program, Cwd, TempDir []byte // paths may have any bytes; Program is argv[0], from which a configuration is searched
	Host                  string
}

// HandedGroup is what is handed over of a group.
type HandedGroup struct {
	Name      string
	Pool      *listener.State `json:",omitempty"`
	Processes []HandedProcess
}

// HandedProcess is what is handed over of a process.
type HandedProcess struct {
	journal.Entry
	spawn.HandedOver
	Held   [2]logs.StreamState
	Socket int // descriptor of a FastCGI program's, -1 for none
}

// The variables by which a binary knows that it takes over, or only checks whether it
// could. They name the descriptor of the handover. Neither reaches a child.
const (
	handoverEnv = "_SUPERVISORD_HANDOVER"
	dryRunEnv   = "_SUPERVISORD_REHEARSE"
)

// Receive returns what was handed over to this process, nil if nothing was, and
// whether this process only checks whether it could take over.
func Receive() (h *Handover, dryRun bool, err error) {
	for _, name := range []string{handoverEnv, dryRunEnv} {
		value, ok := os.LookupEnv(name)
		if !ok {
			continue
		}
		_ = os.Unsetenv(name) // it fails for an invalid name only
		fd, err := strconv.Atoi(value)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		h, err = read(os.NewFile(uintptr(fd), "handover"))
		if err == nil {
			daemon.SetComm(h.Comm)
		}
		return h, name == dryRunEnv, err
	}
	return nil, false, nil
}

func read(f *os.File) (*Handover, error) {
	defer f.Close()
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<30))
	if err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	h, err := decode(data)
	if err != nil {
		return nil, err
	}
	return h, nil
}

func decode(data []byte) (*Handover, error) {
	var form struct{ Version int }
	if err := json.Unmarshal(data, &form); err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	if form.Version > Version {
		return nil, fmt.Errorf("the running supervisord is newer than this one: its handover has the form %d, not %d", form.Version, Version)
	}
	h := &Handover{}
	if err := json.Unmarshal(data, h); err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	return h, nil
}

// file returns the handover as a file without a name, at its beginning.
func (h *Handover) file() (*os.File, error) {
	data, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	f, err := daemon.MemoryFile("handover")
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Host describes this machine as it was when the daemon was first started. h may be
// nil.
func (h *Handover) Host() source.Host {
	host := source.ThisHost()
	if h != nil && h.Origin != nil {
		host.Cwd, host.Name, host.TempDir = string(h.Origin.Cwd), h.Origin.Host, string(h.Origin.TempDir)
	}
	return host
}

// descriptors are all that are handed over.
func (h *Handover) descriptors() []int {
	fds := []int{h.Pidfile}
	for _, s := range h.Servers {
		fds = append(append(fds, s.FD), s.Conns...)
	}
	for _, b := range h.Heard {
		fds = append(fds, b.FD)
	}
	for _, s := range h.Sockets {
		fds = append(fds, s.FD)
	}
	for _, g := range h.Groups {
		for _, p := range g.Processes {
			fds = append(append(fds, p.FDs[:]...), p.Socket)
		}
	}
	return slices.DeleteFunc(fds, func(fd int) bool { return fd < 0 })
}

// SaveProcesses ends the part of a supervisor in its processes and saves their state.
// The errors say what the next daemon will miss.
func (h *Handover) SaveProcesses(s *supervisor.Supervisor) []error {
	groups, failed := s.HandOver()
	for _, g := range groups {
		handed := HandedGroup{Name: g.Group, Pool: g.Pool}
		for _, p := range g.Processes {
			entry, _ := entryOf(p.Process)
			one := HandedProcess{Entry: entry, HandedOver: p.ChildState, Held: p.Streams, Socket: -1}
			if p.HandedOver.Socket != nil {
				fd, err := daemon.Duplicate(p.HandedOver.Socket)
				if err != nil {
					failed = append(failed, fmt.Errorf("hand over the socket of %s: %w", entry.Name, err))
				} else {
					one.Socket = fd
				}
			}
			handed.Processes = append(handed.Processes, one)
		}
		h.Groups = append(h.Groups, handed)
	}
	return failed
}

// restore restores the processes that were handed over.
func (h *Handover) restore(c *Claim) {
	for _, g := range h.Groups {
		for _, p := range g.Processes {
			left := fromEntry(&p.Entry)
			left.HandedOver, left.Streams, left.Exit = true, p.Held, p.Exit
			left.Child.FDs, left.Child.Unsent, left.Child.IsOurs = &p.FDs, p.Unsent, !p.Adopted
			if p.Socket >= 0 {
				left.Socket = os.NewFile(uintptr(p.Socket), "socket")
			}
			c.Processes[namespec.Join(p.Group, p.Name)] = left
		}
	}
}

// Pools are the listener pools that were handed over, by the names of their groups.
func (h *Handover) Pools() map[string]*listener.State {
	all := make(map[string]*listener.State)
	for _, g := range h.Groups {
		all[g.Name] = g.Pool
	}
	return all
}
