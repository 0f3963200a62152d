package supervisord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
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

// handover is what one binary tells the next one in the same process. The
// children stay children, and what is open stays open.
type handover struct {
	Version  int // of the form, see ledger.Version
	Upgrades int // that there have been, this one included
	Serial   uint64
	Groups   []handedGroup
	Servers  []httpd.SavedServer
	Pidfile  int            // descriptor, -1 for none
	Signals  []int          // that have arrived and not been obeyed
	Comm     string         `json:",omitempty"` // how the kernel names the process
	Scales   []config.Scale `json:",omitempty"`
	// What programs have said of themselves, and where they go on saying it.
	Health  map[string]health.State `json:",omitempty"`
	Heard   []notify.HandedOver     `json:",omitempty"`
	Sockets []activation.HandedOver `json:",omitempty"`

	// Files and Origin are what the next one reads its configuration from, without
	// looking at the files: they may have been changed since it said that it could.
	Files  *source.Snapshot `json:",omitempty"`
	Origin *origin          `json:",omitempty"`

	newBinary *newBinary
}

// origin is where this daemon was started: what relative paths mean, and what is
// asked for once.
type origin struct {
	Program, Cwd, TempDir []byte // paths may have any bytes; Program is argv[0], from which a configuration is searched
	Host                  string
}

func (m *mainProgram) origin() *origin {
	return &origin{Program: []byte(m.argv0()), Cwd: []byte(m.host.Cwd), Host: m.host.Name, TempDir: []byte(m.host.TempDir)}
}

// host is this machine as it was when the daemon was started.
func (h *handover) host() source.Host {
	host := source.ThisHost()
	if h != nil && h.Origin != nil {
		host.Cwd, host.Name, host.TempDir = string(h.Origin.Cwd), h.Origin.Host, string(h.Origin.TempDir)
	}
	return host
}

type handedGroup struct {
	Name      string
	Pool      *listener.State `json:",omitempty"`
	Processes []handedProcess
}

type handedProcess struct {
	journal.Entry
	spawn.HandedOver
	Held   [2]logs.StreamState
	Socket int // descriptor of a FastCGI program's, -1 for none
}

// The variables that tell a program to go on where another has been, or only to
// see whether it could. They name the descriptor of the handover. Neither
// reaches a child.
const (
	handoverEnv = "_SUPERVISORD_HANDOVER"
	dryRunEnv   = "_SUPERVISORD_REHEARSE"
)

// dryRunOption is the first argument in a rehearsal. A supervisord that does
// not know what that is refuses it, rather than start everything twice.
const dryRunOption = "--rehearse"

// readyLine is what a program says on stdout that could go on.
const readyLine = "supervisord is ready to take over"

// receiveHandover returns what has been handed over, nil if nothing was, and
// whether that is a rehearsal.
func receiveHandover() (h *handover, dryRun bool, err error) {
	for _, name := range []string{handoverEnv, dryRunEnv} {
		value, ok := os.LookupEnv(name)
		if !ok {
			continue
		}
		_ = os.Unsetenv(name) // it was there, so it can go
		fd, err := strconv.Atoi(value)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		h, err = readHandover(os.NewFile(uintptr(fd), "handover"))
		if err == nil {
			daemon.SetComm(h.Comm)
		}
		return h, name == dryRunEnv, err
	}
	return nil, false, nil
}

func readHandover(f *os.File) (*handover, error) {
	defer f.Close()
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<30))
	if err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	var form struct{ Version int }
	if err := json.Unmarshal(data, &form); err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	if form.Version > journal.Version {
		return nil, fmt.Errorf("the running supervisord is newer than this one: its handover has the form %d, not %d", form.Version, journal.Version)
	}
	h := &handover{}
	if err := json.Unmarshal(data, h); err != nil {
		return nil, fmt.Errorf("read the handover: %w", err)
	}
	return h, nil
}

// file returns the handover as a file without a name, at its beginning.
func (h *handover) file() (*os.File, error) {
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

// exec becomes the next binary. It returns only if that fails.
func (h *handover) exec() error {
	f, err := h.file()
	if err != nil {
		return err
	}
	defer f.Close()
	fds := append(h.descriptors(), int(f.Fd()))
	daemon.KeepOpenOnExec(true, fds...)
	defer daemon.KeepOpenOnExec(false, fds...)
	// A signal that only means to read something again must not end a process
	// that is about to listen.
	signal.Ignore(syscall.SIGHUP, syscall.SIGUSR2)
	err = syscall.Exec(h.newBinary.path, h.newBinary.args, append(os.Environ(), handoverEnv+"="+strconv.Itoa(int(f.Fd()))))
	return fmt.Errorf("execute %s: %w", h.newBinary.path, err)
}

// descriptors are all that are handed over.
func (h *handover) descriptors() []int {
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

// dryRunTimeout is how long a binary may take to say that it is ready.
const dryRunTimeout = 20 * time.Second

// dryRun has a binary read a handover, on its stdin, and the configuration.
// The error is what it said.
func (h *handover) dryRun(ctx context.Context, spawner *spawn.Spawner, binary string, args []string) error {
	f, err := h.file()
	if err != nil {
		return err
	}
	defer f.Close()
	var output, errorOutput headBuffer
	child, err := spawner.Spawn(&spawn.Spec{
		Path: binary, Args: slices.Insert(slices.Clone(args), 1, dryRunOption), Env: append(os.Environ(), dryRunEnv+"=0"), Umask: -1,
		Stdin: f, Stdout: &output, Stderr: &errorOutput,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dryRunTimeout)
	defer cancel()
	var end spawn.Exit
	select {
	case end = <-child.Exited():
	case <-ctx.Done():
		_ = child.Signal(syscall.SIGKILL, true) // or it has just ended
		return fmt.Errorf("%s can't take over: %w", binary, ctx.Err())
	}
	switch message := errorOutput.firstLine(); {
	case end.Code == 0 && output.firstLine() == readyLine:
		return nil
	case message != "":
		return fmt.Errorf("%s can't take over: %s", binary, strings.TrimPrefix(message, "Error: "))
	default:
		return fmt.Errorf("%s can't take over: it is no supervisord that knows how to (%s)", binary, end)
	}
}

// headBuffer keeps the beginning of what a program says.
type headBuffer struct {
	mu   sync.Mutex
	text []byte
}

// Write implements output.Sink.
func (h *headBuffer) Write(data []byte) {
	const most = 4 << 10
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, data[:min(len(data), most-len(h.text))]...)
}

func (h *headBuffer) firstLine() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(string(h.text)), "\n")
	return line
}

// binaryPath returns the absolute path of the binary to upgrade to.
func binaryPath(binary string) (string, error) {
	if binary == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		return strings.TrimSuffix(self, " (deleted)"), nil // it has been replaced
	}
	if !filepath.IsAbs(binary) {
		return "", fmt.Errorf("%s is not an absolute path", binary)
	}
	return binary, nil
}

// upgrade makes sure that the binary can take over, and lets run know. New
// clients wait from now on.
func (l *daemonRun) upgrade(ctx context.Context, binary string, from *source.Snapshot, scales []config.Scale, servers *httpd.Servers) error {
	if !spawn.CanAdopt {
		return errors.New("a running supervisord can't be upgraded on this system")
	}
	l.upgradeMu.Lock()
	defer l.upgradeMu.Unlock()
	if l.newBinary != nil {
		return errors.New("an upgrade is under way")
	}
	path, err := binaryPath(binary)
	if err != nil {
		return err
	}
	args := slices.Clone(l.args)
	if binary != "" {
		args[0] = binary
	}
	dryRunHandover := &handover{Version: journal.Version, Scales: scales, Files: from, Origin: l.origin()}
	if err := dryRunHandover.dryRun(ctx, l.spawner, path, args); err != nil {
		return err
	}
	if err := servers.Pause(); err != nil {
		return err
	}
	l.newBinary = &newBinary{path, args, from}
	close(l.upgradeStarted)
	return nil
}

// newBinary is a binary that has been found able to take over.
type newBinary struct {
	path string
	args []string
	from *source.Snapshot // what it reads its configuration from
}

// waitTimeout is how long requests under way are waited for before an upgrade.
// Then they are cut off.
const waitTimeout = time.Minute

// stopForUpgrade stops everything but the children, so that run ends. A shutdown or reload
// that begins meanwhile goes on without an upgrade, and clients are served as in
// any other.
func (l *daemonRun) stopForUpgrade(ctx context.Context, servers *httpd.Servers, s *supervisor.Supervisor, end func()) {
	select {
	case <-l.upgradeStarted:
	case <-ctx.Done():
		return
	}
	limit, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	waiting, cancelWait := context.WithCancel(limit)
	defer cancelWait()
	go func() {
		select {
		case <-s.Ending():
			cancelWait()
		case <-waiting.Done():
		}
	}()
	handedServers := servers.Save(waiting)
	if s.Mood() != states.DaemonRunning {
		l.log.Warn("not upgraded: supervisord is about to end")
		servers.Resume()
		return
	}
	if limit.Err() != nil && ctx.Err() == nil {
		l.log.Warn(fmt.Sprintf("requests that are not answered after %s are cut off by the upgrade", waitTimeout))
	}
	l.upgradeMu.Lock()
	l.handedServers = handedServers
	l.upgradeMu.Unlock()
	l.spawner.PauseReaping()
	end()
}

// isUpgrading reports whether another binary is to go on.
func (l *daemonRun) isUpgrading() bool {
	l.upgradeMu.Lock()
	defer l.upgradeMu.Unlock()
	return l.handedServers != nil
}

// buildHandover is what there is to hand over once everything has stopped.
func (l *daemonRun) buildHandover(s *supervisor.Supervisor, sockets *activation.Set, e *savedState, m *health.Monitor) *handover {
	h := &handover{Version: journal.Version, Upgrades: l.upgradeCount() + 1, Servers: l.handedServers, Pidfile: e.pidfile.HandOver(), newBinary: l.newBinary}
	h.Comm, h.Files, h.Origin = daemon.Comm(), l.newBinary.from, l.origin()
	h.Scales = s.Scales()
	h.Health, h.Heard = m.Save()
	h.Sockets = sockets.HandOver()
	handedGroups, failed := s.HandOver()
	for _, err := range failed {
		l.log.Error(err.Error())
	}
	for _, g := range handedGroups {
		handed := handedGroup{Name: g.Group, Pool: g.Pool}
		for _, p := range g.Processes {
			entry, _ := e.entryOf(p.Process)
			one := handedProcess{Entry: entry, HandedOver: p.ChildState, Held: p.Streams, Socket: -1}
			if p.HandedOver.Socket != nil {
				fd, err := daemon.Duplicate(p.HandedOver.Socket)
				if err != nil {
					l.log.Error(fmt.Sprintf("hand over the socket of %s: %v", entry.Name, err))
				} else {
					one.Socket = fd
				}
			}
			handed.Processes = append(handed.Processes, one)
		}
		h.Groups = append(h.Groups, handed)
	}
	h.Serial = l.bus.Serial()
	for _, sig := range l.signals.take() {
		h.Signals = append(h.Signals, int(sig))
	}
	return h
}

// configWithScales is the configuration that this life began with, with other scales.
func (l *daemonRun) configWithScales(scales []config.Scale) (*config.Config, error) {
	return l.loadFrom(l.from, scales)
}

func (l *daemonRun) upgradeCount() int {
	if l.handedOver == nil {
		return 0
	}
	return l.handedOver.Upgrades
}

// restore is what is left of the processes that have been handed over.
func (h *handover) restore(e *savedState) {
	for _, g := range h.Groups {
		for _, p := range g.Processes {
			left := e.fromEntry(&p.Entry)
			left.HandedOver, left.Streams, left.Exit = true, p.Held, p.Exit
			left.Child.FDs, left.Child.Unsent, left.Child.IsOurs = &p.FDs, p.Unsent, !p.Adopted
			if p.Socket >= 0 {
				left.Socket = os.NewFile(uintptr(p.Socket), "socket")
			}
			e.saved[namespec.Join(p.Group, p.Name)] = left
		}
	}
}

// pools are those that have been handed over, by the names of their groups.
func (h *handover) pools() map[string]*listener.State {
	all := make(map[string]*listener.State)
	for _, g := range h.Groups {
		all[g.Name] = g.Pool
	}
	return all
}
