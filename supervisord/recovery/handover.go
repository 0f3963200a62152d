package recovery

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/policy/health"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/activation"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/descriptors"
)

// Version is the form of a handover that this version writes. It reads form 1 too.
const Version = 2

// Handover is what a daemon passes to another binary that this process executes. The
// children stay children of the process, and what is open stays open.
type Handover struct {
	Version  int
	Upgrades int    // how many there have been, this one included
	Serial   uint64 // of the last event
	supervisor.State
	Servers []httpd.State      `json:",omitempty"`
	Sockets []activation.State `json:",omitempty"`
	Health  health.State       `json:",omitzero"`
	Signals []int              `json:",omitempty"` // that have arrived and were not handled
	Comm    string             `json:",omitempty"` // how the kernel names the process
	Scales  []config.Scale     `json:",omitempty"`

	// Files and Origin are what the next binary reads its configuration from. It does
	// not read the files again: they may have changed since it checked them.
	Files  *source.Snapshot `json:",omitempty"`
	Origin *Origin          `json:",omitempty"`

	// Descriptors are what is open. Each State takes its own by its keys; pidfileKey is
	// the key of the locked pidfile.
	Descriptors descriptors.Set `json:",omitempty"`
}

const pidfileKey = "pidfile"

// Origin is where and how this process was started: what relative paths are relative
// to, and what is asked for once only.
type Origin struct {
	Program, Cwd, TempDir []byte // paths may have any bytes; Program is argv[0], from which a configuration is searched
	Host                  string
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
	h := &Handover{}
	var err error
	switch {
	case form.Version > Version:
		return nil, fmt.Errorf("the running supervisord is newer than this one: its handover has the form %d, not %d", form.Version, Version)
	case form.Version == 1:
		h, err = decode1(data)
	default:
		err = json.Unmarshal(data, h)
	}
	if err != nil {
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

// takeProcesses returns the processes that were handed over, by full name.
func (h *Handover) takeProcesses() map[string]*process.Saved {
	all := make(map[string]*process.Saved)
	for _, s := range h.Processes {
		all[namespec.Join(s.Group, s.Name)] = s.TakeDescriptors(h.Descriptors)
	}
	return all
}
