package descendants

import (
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

	"supervisor/supervisord/system/procfs"
)

// cgroupPrefix is what the names of the daemon's groups begin with.
const cgroupPrefix = "supervisord-"

// cgroups makes the control groups of a Tracker.
type cgroups struct {
	fallbackLogged sync.Once // the log says that there are no control groups
	mu             sync.Mutex
	serial         int
}

// EnterCgroup makes the next fork with attr place the child into a control group of its
// own, if that is the scope of t, which may be nil. Where no group can be made the scope
// becomes ScopeTree, which is logged once. The caller calls done after the fork.
func (t *Tree) EnterCgroup(attr *syscall.SysProcAttr) (done func()) {
	done = func() {}
	if t == nil || t.scope != ScopeCgroup {
		return done
	}
	g, fd, err := t.tracker.newCgroup(t.label)
	if err != nil {
		t.fallBackToTree(err)
		return done
	}
	t.cgroup = g
	attr.UseCgroupFD, attr.CgroupFD = true, fd
	return func() { unix.Close(fd) }
}

// LeaveCgroup removes the control group after a fork that failed with err. It returns
// false if the group can't be the reason, and changes nothing then.
func (t *Tree) LeaveCgroup(attr *syscall.SysProcAttr, err error) bool {
	if !attr.UseCgroupFD || slices.Contains([]error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE}, err) {
		return false
	}
	attr.UseCgroupFD = false
	t.cgroup.release(t.tracker)
	t.cgroup = nil
	t.fallBackToTree(err)
	return true
}

func (t *Tree) fallBackToTree(err error) {
	t.scope = ScopeTree
	t.tracker.cgroups.fallbackLogged.Do(func() {
		t.tracker.daemon.Log.Warn(fmt.Sprintf("control groups can't be had here (%v): stop_scope=cgroup is taken for tree", err))
	})
}

// newCgroup makes a group, and opens its directory.
func (t *Tracker) newCgroup(label string) (*cgroup, int, error) {
	parent, err := ownCgroup()
	if err != nil {
		return nil, -1, err
	}
	t.cgroups.mu.Lock()
	defer t.cgroups.mu.Unlock()
	if t.cgroups.serial == 0 {
		removeStaleCgroups(parent)
	}
	for {
		t.cgroups.serial++
		path := filepath.Join(parent, fmt.Sprintf("%s%d-%d-%s", cgroupPrefix, os.Getpid(), t.cgroups.serial, pathSafe(label)))
		err := os.Mkdir(path, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue // an earlier daemon with this pid has left it
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

// removeStaleCgroups removes the empty groups of daemons that have exited. The kernel
// refuses to remove one with members.
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

// ownCgroup returns the directory of the group that this process is in. The error says
// why there is none.
func ownCgroup() (string, error) {
	data, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	return cgroupPath(string(data))
}

// cgroupPath finds the directory of the group that /proc/PID/cgroup names.
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

// cgroupMount returns where the control groups are mounted, and which group is the root
// of the mount.
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
