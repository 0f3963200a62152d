package descendants

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/procfs"
)

// cgroup is the control group of one child, below the daemon's own.
type cgroup struct {
	path string

	mu       sync.Mutex
	onChange func()
	fd       int // of cgroup.events, in the poller's set, -1 for none
	token    epoll.Token
	watched  bool // the kernel reports changes
}

// findCgroup finds the group of an earlier daemon's child, nil for none.
func findCgroup(s Survivor) *cgroup {
	path := s.Cgroup
	if path == "" && s.StartTime != 0 && procfs.StartTime(s.PID) == s.StartTime {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", s.PID))
		path, _ = cgroupPath(string(data))
	}
	if !strings.HasPrefix(filepath.Base(path), cgroupPrefix) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(path, "cgroup.procs")); err != nil {
		return nil
	}
	return &cgroup{path: path, fd: -1}
}

// has reports whether a process is a member of the group, or of a group below it.
func (g *cgroup) has(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return false
	}
	path, err := cgroupPath(string(data))
	return err == nil && (path == g.path || strings.HasPrefix(path, g.path+"/"))
}

// pids lists the members of the group and of the groups below it.
func (g *cgroup) pids() []int {
	var all []int
	_ = filepath.WalkDir(g.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // it has just been removed, so it had no members
		}
		data, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		for line := range bytes.Lines(data) {
			if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
				all = append(all, pid)
			}
		}
		return nil
	})
	return all
}

// kill makes the kernel kill all members at once, so that none can escape by forking.
func (g *cgroup) kill() error {
	f, err := os.OpenFile(filepath.Join(g.path, "cgroup.kill"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("1")
	return err
}

// watch makes the kernel report each change of cgroup.events, which says whether the
// group has members.
func (g *cgroup) watch(t *Tracker, onChange func()) {
	poller, err := t.daemon.Poller()
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onChange = onChange
	if g.fd >= 0 {
		return
	}
	fd, err := unix.Open(filepath.Join(g.path, "cgroup.events"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	g.fd = fd
	g.token, err = poller.Add(fd, epoll.Priority|epoll.Once, cgroupHandler{g, t})
	g.watched = err == nil
	g.ackEvents()
}

// isWatched reports whether the kernel reports changes.
func (g *cgroup) isWatched() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.watched
}

// ackEvents acknowledges the last change: the kernel reports no other before.
func (g *cgroup) ackEvents() {
	var text [256]byte
	_, _ = unix.Pread(g.fd, text[:], 0)
}

// cgroupHandler handles changes of a group.
type cgroupHandler struct {
	*cgroup
	tracker *Tracker
}

// HandleEvent implements epoll.Handler.
func (h cgroupHandler) HandleEvent(bool) {
	poller, err := h.tracker.daemon.Poller()
	h.mu.Lock()
	if h.fd >= 0 && err == nil {
		h.ackEvents()
		_ = poller.Rearm(h.token, h.fd, epoll.Priority|epoll.Once)
	}
	onChange := h.onChange
	h.mu.Unlock()
	if onChange != nil {
		onChange()
	}
}

// release removes the group as soon as it has no members.
func (g *cgroup) release(t *Tracker) {
	g.watch(t, func() { g.remove(t) })
	g.remove(t)
}

// remove removes the group and stops watching it. The kernel refuses as long as there are
// members; then the group stays as it is.
func (g *cgroup) remove(t *Tracker) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var dirs []string
	_ = filepath.WalkDir(g.path, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	var err error
	for _, dir := range slices.Backward(dirs) {
		err = unix.Rmdir(dir)
	}
	if poller, pollerErr := t.daemon.Poller(); err == nil && pollerErr == nil && g.fd >= 0 {
		poller.CloseFD(g.token, g.fd)
		g.fd, g.onChange = -1, nil
	}
}
