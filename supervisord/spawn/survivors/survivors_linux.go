package survivors

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/procfs"
)

// Survivor is a process that looks like the child of a daemon that has ended.
type Survivor struct {
	spawn.Orphan
	Variables map[string]string // the environment with which it was started
	Command   []string          // its arguments, the program's name first
	UID       int               // its user
	Session   int
	// NullStdin says that its stdin is /dev/null, Redirected that neither stdout nor
	// stderr is a pipe of a daemon.
	NullStdin, Redirected bool
	// Unreadable says that this process may not read its environment and descriptors.
	Unreadable bool
	// ParentUnknown says that its parent may be a living daemon that has spawned it: this
	// process may not read the parent's descriptors.
	ParentUnknown bool
}

// Find looks through all processes for children of daemons that have exited. Such a process
// leads a process group but no session, has the variables of a supervised process, and its
// parent is not the daemon that spawned it: the parent does not have the other ends of its
// pipes.
func Find() []Survivor {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	f := finder{reapers: procfs.Ancestors(), pipes: make(map[int]map[uint64]bool)}
	f.reapers[1] = true
	var found []Survivor
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || f.reapers[pid] {
			continue
		}
		if s, ok := f.survivor(pid); ok {
			found = append(found, s)
		}
	}
	return found
}

// finder remembers what Find has read of parents, by their pids.
type finder struct {
	reapers map[int]bool            // of which orphans may have become children
	pipes   map[int]map[uint64]bool // inodes of their open pipes, nil if unknown
}

// survivor returns the process pid if it is a survivor.
func (f *finder) survivor(pid int) (Survivor, bool) {
	st, err := procfs.ReadStat(pid)
	if err != nil || st.IsDead() || st.Group != pid || st.Session == pid || st.Parent == os.Getpid() {
		return Survivor{}, false
	}
	variables, err := environOf(pid)
	if errors.Is(err, fs.ErrPermission) && f.reapers[st.Parent] {
		s := Survivor{Orphan: spawn.Orphan{PID: pid, ChildState: spawn.ChildState{ProcessIdentity: spawn.ProcessIdentity{StartTime: st.StartTime}}}, Unreadable: true}
		s.Session, s.UID, s.Command = st.Session, ownerOf(pid), argumentsOf(pid)
		return s, true
	}
	if variables["SUPERVISOR_ENABLED"] != "1" {
		return Survivor{}, false
	}
	s := Survivor{Orphan: spawn.Orphan{PID: pid, ChildState: spawn.ChildState{ProcessIdentity: spawn.ProcessIdentity{StartTime: st.StartTime, Stdin: procfs.PipeAt(pid, 0), Stdout: procfs.PipeAt(pid, 1)}}}, Variables: variables}
	isOurPipe := procfs.IsReadWrite(pid, 1)
	if s.Stdout != 0 && !isOurPipe { // it leads to another program, or another kind of supervisor made it
		return Survivor{}, false
	}
	if procfs.IsReadWrite(pid, 2) {
		s.Stderr = procfs.PipeAt(pid, 2)
	}
	if s.Stderr == s.Stdout {
		s.Stderr = 0
	}
	s.Redirected = s.Stdout == 0 && s.Stderr == 0
	spawned, known := f.spawnedBy(st.Parent, &s)
	if spawned {
		return Survivor{}, false
	}
	s.ParentUnknown = !known
	s.Session, s.UID, s.Command = st.Session, ownerOf(pid), argumentsOf(pid)
	stdin, _ := os.Readlink(procfs.DescriptorPath(pid, 0))
	s.NullStdin = stdin == os.DevNull
	return s, true
}

// spawnedBy reports whether a parent has spawned the survivor, and whether that is known. A
// reaper whose descriptors can't be read counts as not having spawned it.
func (f *finder) spawnedBy(parent int, s *Survivor) (spawned, known bool) {
	open, seen := f.pipes[parent]
	if !seen {
		open = openPipes(parent)
		f.pipes[parent] = open
	}
	if open == nil {
		return false, f.reapers[parent]
	}
	for _, inode := range []uint64{s.Stdin, s.Stdout, s.Stderr} {
		if inode != 0 && open[inode] {
			return true, true
		}
	}
	return false, f.reapers[parent] || s.Stdin+s.Stdout+s.Stderr != 0
}

// openPipes returns the inodes of the pipes that a process has open, nil if unknown.
func openPipes(pid int) map[uint64]bool {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return nil
	}
	list := make(map[uint64]bool)
	for _, e := range entries {
		if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name())); err == nil {
			list[procfs.PipeInode(target)] = true
		}
	}
	return list
}

// ownerOf returns the user of a process, -1 if it has exited.
func ownerOf(pid int) int {
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return -1
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

func argumentsOf(pid int) []string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

// Daemons looks through all processes for living daemons that have adopted survivors: those
// that have the other ends of their pipes. It returns the pid of the daemon by the pid of the
// survivor.
func Daemons(survivors []Survivor) map[int]int {
	type end struct {
		inode uint64
		mode  int
	}
	ends := make(map[end]int) // value: the pid of the survivor
	for _, s := range survivors {
		ends[end{s.Stdin, unix.O_WRONLY}] = s.PID
		ends[end{s.Stdout, unix.O_RDONLY}] = s.PID
		ends[end{s.Stderr, unix.O_RDONLY}] = s.PID
	}
	found := make(map[int]int)
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		for _, entry := range fds {
			fd, err := strconv.Atoi(entry.Name())
			inode := procfs.PipeAt(pid, fd)
			if err != nil || inode == 0 {
				continue
			}
			for _, mode := range []int{unix.O_WRONLY, unix.O_RDONLY} {
				if survivor, ok := ends[end{inode, mode}]; ok && survivor != pid && procfs.AccessMode(pid, fd) == mode {
					found[survivor] = pid
				}
			}
		}
	}
	return found
}

// environOf returns the environment with which a supervised process was started, and
// an empty one for other processes. The error is fs.ErrPermission if this process may
// not read it.
func environOf(pid int) (map[string]string, error) {
	data, err := procfs.Environ(pid)
	if err != nil {
		return nil, err
	}
	list := make(map[string]string)
	if !bytes.Contains(data, []byte("SUPERVISOR_ENABLED=")) {
		return list, nil // as for most processes
	}
	for kv := range strings.SplitSeq(string(data), "\x00") {
		if name, value, ok := strings.Cut(kv, "="); ok {
			list[name] = value
		}
	}
	return list, nil
}
