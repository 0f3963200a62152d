package process

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/process/runs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
	"supervisor/supervisord/system/descriptors"
)

// State is what outlives a daemon of a process. The journal records it after each
// change, and an upgrade hands it over. Its JSON names never change: each version reads
// the journals of all versions before.
type State struct {
	Group, Name string
	machine.Status
	spawn.ChildState
	SpawnConfig
	// StdoutLog and StderrLog are AUTO log files, "" for none.
	StdoutLog string `json:",omitempty"`
	StderrLog string `json:",omitempty"`
	// Run is that of the child, LastRun the last one that has ended. Runs are all that are
	// kept; the journal has them when it is written anew, and an upgrade.
	Run     *runs.Run  `json:",omitempty"`
	LastRun *runs.Run  `json:",omitempty"`
	Runs    []runs.Run `json:",omitempty"`
	// Streams are what the streams have not passed on. Only an upgrade knows it.
	Streams [2]logs.StreamState `json:"Held,omitzero"`
}

// SpawnConfig is the part of a child's configuration by which a daemon recognises it
// and stops it that has the process configured otherwise.
type SpawnConfig struct {
	Section    string      `json:",omitempty"`
	Num        int         `json:",omitempty"` // process_num
	StdoutFile string      `json:",omitempty"` // log files that are not AUTO
	StderrFile string      `json:",omitempty"`
	Stop       *StopConfig `json:",omitempty"` // nil for the defaults
}

// StopConfig is how a child is stopped.
type StopConfig struct {
	Signal  int
	Wait    int  // seconds
	AsGroup bool // the stop signal goes to the process group
	// KillsGroup says that SIGKILL goes to the process group.
	KillsGroup bool
}

// DefaultStop is how a child is stopped whose state has no StopConfig.
var DefaultStop = StopConfig{Signal: int(syscall.SIGTERM), Wait: 10}

// State returns the state of the process for a later daemon. It may be called from
// anywhere.
func (p *Process) State() State {
	status := p.Status()
	s := State{Group: p.Config.Group, Name: p.Config.Name, Status: status.Status}
	if status.SignaledEarly { // for a later daemon its stop has begun
		s.Status.State = states.Stopping
		s.Deadline = boottime.At(time.Now().Add(time.Duration(p.CurrentConfig().StopWaitSecs) * time.Second))
	}
	if status.Child != nil {
		s.ProcessIdentity = status.Child.Identity()
	}
	if status.ProcessTree != nil {
		s.Cgroup = status.ProcessTree.Cgroup()
	}
	s.StdoutLog, s.StderrLog = p.AutoLogs()
	s.Run, s.LastRun = p.runs.saved()
	if s.PID == 0 {
		s.Digest = ""
		return s
	}
	s.SpawnConfig = p.spawnConfig(&s)
	return s
}

// CompleteState is State with all runs that are kept.
func (p *Process) CompleteState() State {
	s := p.State()
	s.Runs = p.Runs()
	return s
}

func (p *Process) spawnConfig(s *State) SpawnConfig {
	c := p.CurrentConfig()
	conf := SpawnConfig{Section: c.Section, Num: c.Num}
	if s.StdoutLog == "" {
		conf.StdoutFile = p.opts.Stdout
	}
	if s.StderrLog == "" {
		conf.StderrFile = p.opts.Stderr
	}
	stop := StopConfig{Signal: int(c.StopSignal), Wait: c.StopWaitSecs, AsGroup: c.StopAsGroup, KillsGroup: c.KillAsGroup}
	if stop != DefaultStop {
		conf.Stop = &stop
	}
	return conf
}

// AutoLogs returns the AUTO log files of the process, "" where it has none.
func (p *Process) AutoLogs() (stdout, stderr string) {
	if p.Config.Stdout.Auto {
		stdout = p.opts.Stdout
	}
	if p.Config.Stderr.Auto {
		stderr = p.opts.Stderr
	}
	return stdout, stderr
}

// Saved is a State with what the next daemon needs to go on with it.
type Saved struct {
	State
	// Pipes are the daemon's ends of the child's stdin, stdout and stderr, -1 for those
	// that it does not have; nil if they are still to be opened. They belong to Adopt.
	Pipes *[3]int
	// Socket is the one that the child listens on, nil to duplicate the child's own.
	Socket *os.File
	// NoSocket says why the socket can't be had that the child listens on, "" if it can
	// or there is none. The child must be stopped before another listens there.
	NoSocket string
	// HandedOver says that a daemon handed over the process: nothing has happened in
	// between.
	HandedOver bool
	// Unwanted says that the child is to be stopped. The process then starts as
	// configured.
	Unwanted bool
}

// Orphan returns the child. Its PID is 0 if there is none.
func (s *Saved) Orphan() *spawn.Orphan {
	return &spawn.Orphan{PID: s.PID, ChildState: s.ChildState, FDs: s.Pipes, IsOurs: s.HandedOver && !s.Adopted}
}

// IsAlive reports whether the child still runs. It may exit a moment later.
func (s *Saved) IsAlive() bool { return s.Orphan().IsAlive() }

// OpenPipes opens the pipes of a child that runs, if that was not done before: from
// then on what is in them is not lost if it exits before it is adopted. If one can't be
// opened all are left to Adopt.
func (s *Saved) OpenPipes() {
	o := s.Orphan()
	o.Reopen()
	s.Pipes = o.FDs
}

// HandOver ends the part of this process in its child and returns what another daemon
// needs to go on. Run must have ended. The error says what it will miss.
func (p *Process) HandOver() (*Saved, error) {
	s := &Saved{State: p.CompleteState(), Socket: p.socket, HandedOver: true}
	if p.child == nil {
		return s, nil
	}
	cgroup := s.Cgroup
	child, pipes, err := p.child.HandOver()
	s.ChildState, s.Pipes = child, &pipes
	s.Cgroup = cgroup
	for i, stream := range []*logs.Stream{p.stdout, p.stderr} {
		s.Streams[i] = stream.Save()
		stream.Close()
	}
	return s, err
}

// PipeKeys are the keys of the descriptors of a child's stdin, stdout and stderr.
func (s *State) PipeKeys() [3]string {
	return [3]string{s.key("stdin"), s.key("stdout"), s.key("stderr")}
}

// SocketKey is the key of the descriptor of the socket that a FastCGI process listens
// on.
func (s *State) SocketKey() string { return s.key("socket") }

func (s *State) key(what string) string { return "process/" + s.Group + ":" + s.Name + "/" + what }

// PutDescriptors moves what is open to the set.
func (s *Saved) PutDescriptors(set descriptors.Set) error {
	if s.Pipes != nil {
		for i, key := range s.PipeKeys() {
			set.Put(key, s.Pipes[i])
		}
	}
	if s.Socket == nil {
		return nil
	}
	if err := set.Add(s.SocketKey(), int(s.Socket.Fd())); err != nil {
		return fmt.Errorf("hand over the socket of %s: %w", s.Name, err)
	}
	return nil
}

// TakeDescriptors returns the state of a process that was handed over, with what is
// open.
func (s *State) TakeDescriptors(set descriptors.Set) *Saved {
	saved := &Saved{State: *s, HandedOver: true, Pipes: &[3]int{}}
	for i, key := range s.PipeKeys() {
		saved.Pipes[i] = set.Take(key)
	}
	if fd := set.Take(s.SocketKey()); fd >= 0 {
		saved.Socket = os.NewFile(uintptr(fd), "socket")
	}
	return saved
}
