package spawn

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/procfs"
)

// cgroup is a control group of one child, below the daemon's own.
type cgroup struct {
	path string

	mu       sync.Mutex
	onChange func()
	fd       int // of cgroup.events, in the poller's set, -1 for none
	token    epoll.Token
	watched  bool // the kernel tells of its changes
}

// cgroupPrefix is what the names of our groups begin with.
const cgroupPrefix = "supervisord-"

// cgroups is what there is to know of those that were made.
type cgroups struct {
	once   sync.Once // to say that there are none
	mu     sync.Mutex
	serial int
}

// ownCgroup returns the path of the group that this process is in. The error
// says in words why there is none.
func ownCgroup() (string, error) {
	data, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	return cgroupPath(string(data))
}

// cgroupPath finds the directory of a group that /proc/PID/cgroup names.
func cgroupPath(text string) (string, error) {
	for line := range strings.Lines(text) {
		name, isV2 := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !isV2 {
			continue
		}
		point, root, err := cgroupMount()
		if err != nil {
			return "", err
		}
		inside, ok := strings.CutPrefix(name, strings.TrimSuffix(root, "/"))
		if !ok {
			return "", errors.New("the control group is not mounted here")
		}
		return filepath.Join(point, inside), nil
	}
	return "", errors.New("there are no control groups of version 2")
}

// cgroupMount returns where the control groups are mounted, and which of them is
// the uppermost there.
func cgroupMount() (point, root string, err error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(data)) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if ok && len(fields) > 4 && strings.HasPrefix(after, "cgroup2 ") {
			return fields[4], fields[3], nil
		}
	}
	return "", "", errors.New("control groups of version 2 are not mounted")
}

// useCgroup has a child that is about to be born be born into a control group of
// its own. Where there can be none its scope is the tree, which is said once.
func (s *Spawner) useCgroup(c *child, spec *Spec, attr *syscall.SysProcAttr) (done func()) {
	done = func() {}
	if c.tree == nil || c.tree.scope != ScopeCgroup {
		return done
	}
	g, fd, err := s.newCgroup(spec.Label)
	if err != nil {
		s.fallBackToTree(c, err)
		return done
	}
	c.tree.cgroup = g
	attr.UseCgroupFD, attr.CgroupFD = true, fd
	return func() { unix.Close(fd) }
}

// dropCgroup gives up a control group into which a child could not be born for the
// reason err. It is false if that had nothing to do with the group.
func (s *Spawner) dropCgroup(c *child, attr *syscall.SysProcAttr, err error) bool {
	if !attr.UseCgroupFD || slices.Contains([]error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE}, err) {
		return false
	}
	attr.UseCgroupFD = false
	c.tree.cgroup.release(s)
	c.tree.cgroup = nil
	s.fallBackToTree(c, err)
	return true
}

func (s *Spawner) fallBackToTree(c *child, err error) {
	c.tree.scope = ScopeTree
	s.cgroups.once.Do(func() {
		s.log.Warn(fmt.Sprintf("control groups can't be had here (%v): stop_scope=cgroup is taken for tree", err))
	})
}

// newCgroup makes a group, and opens its directory.
func (s *Spawner) newCgroup(label string) (*cgroup, int, error) {
	parent, err := ownCgroup()
	if err != nil {
		return nil, -1, err
	}
	s.cgroups.mu.Lock()
	defer s.cgroups.mu.Unlock()
	if s.cgroups.serial == 0 {
		removeStaleCgroups(parent)
	}
	for {
		s.cgroups.serial++
		path := filepath.Join(parent, fmt.Sprintf("%s%d-%d-%s", cgroupPrefix, os.Getpid(), s.cgroups.serial, pathSafe(label)))
		err := os.Mkdir(path, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue // of one who had our number
		}
		if err != nil {
			return nil, -1, err
		}
		fd, err := unix.Open(path, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			os.Remove(path)
			return nil, -1, err
		}
		return &cgroup{path: path, fd: -1}, fd, nil
	}
}

// removeStaleCgroups removes the empty groups of daemons that are gone. The kernel
// refuses to remove one that is not.
func removeStaleCgroups(parent string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		rest, isOurs := strings.CutPrefix(e.Name(), cgroupPrefix)
		digits, _, _ := strings.Cut(rest, "-")
		if pid, err := strconv.Atoi(digits); isOurs && err == nil && procfs.StartTime(pid) == 0 {
			_ = unix.Rmdir(filepath.Join(parent, e.Name()))
		}
	}
}

func pathSafe(label string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r < ' ' {
			return '_'
		}
		return r
	}, label[:min(len(label), 100)])
}

// findCgroup finds the group of a child that an earlier daemon has left, nil
// for none.
func findCgroup(o *Orphan) *cgroup {
	path := o.Cgroup
	if path == "" && o.IsAlive() {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", o.PID))
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

// has tells whether a process is in the group, or below it.
func (g *cgroup) has(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return false
	}
	path, err := cgroupPath(string(data))
	return err == nil && (path == g.path || strings.HasPrefix(path, g.path+"/"))
}

// pids lists who is in the group, and in those below it.
func (g *cgroup) pids() []int {
	var all []int
	_ = filepath.WalkDir(g.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // it has just been removed, so nobody was in it
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

// kill has the kernel kill all at once, so that nobody can escape by forking.
func (g *cgroup) kill() error {
	f, err := os.OpenFile(filepath.Join(g.path, "cgroup.kill"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("1")
	return err
}

// watch has the kernel tell of each change of cgroup.events, in which it says
// whether anybody is left.
func (g *cgroup) watch(s *Spawner, onChange func()) {
	poller, err := s.poller()
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
	g.token, err = poller.Add(fd, epoll.Priority|epoll.Once, cgroupHandler{g, s})
	g.watched = err == nil
	g.ackEvents()
}

// isWatched reports whether the kernel tells of changes.
func (g *cgroup) isWatched() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.watched
}

// ackEvents lets the kernel know that the last change has been seen.
func (g *cgroup) ackEvents() {
	var text [256]byte
	_, _ = unix.Pread(g.fd, text[:], 0)
}

// cgroupHandler hears of changes of a group.
type cgroupHandler struct {
	*cgroup
	spawner *Spawner
}

// HandleEvent is the poller's word.
func (e cgroupHandler) HandleEvent(bool) {
	poller, err := e.spawner.poller()
	e.mu.Lock()
	if e.fd >= 0 && err == nil {
		e.ackEvents()
		_ = poller.Rearm(e.token, e.fd, epoll.Priority|epoll.Once)
	}
	onChange := e.onChange
	e.mu.Unlock()
	if onChange != nil {
		onChange()
	}
}

// release removes the group as soon as nobody is in it any more.
func (g *cgroup) release(s *Spawner) {
	g.watch(s, func() { g.remove(s) })
	g.remove(s)
}

// remove removes the group and stops watching it. The kernel refuses that while
// somebody is in it.
func (g *cgroup) remove(s *Spawner) {
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
	if poller, noPoller := s.poller(); err == nil && noPoller == nil && g.fd >= 0 {
		poller.CloseFD(g.token, g.fd)
		g.fd, g.onChange = -1, nil
	}
}
