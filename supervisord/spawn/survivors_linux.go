package spawn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Survivor is a process that looks like the child of a daemon that has ended.
type Survivor struct {
	Orphan
	Variables map[string]string // that it was born with
	Command   []string          // its arguments, the program's name first
	UID       int               // its user
	Session   int
	// NullStdin tells that its stdin is /dev/null, Redirected that neither stdout
	// nor stderr is a pipe from us: it has sent its output elsewhere.
	NullStdin, Redirected bool
	// Opaque tells that the kernel does not show us its variables and descriptors.
	Unreadable bool
	// Unsure tells that its parent may be the daemon that made it, and lives: the
	// kernel does not show us what that has open.
	ParentUnknown bool
}

// Survivors looks through all processes for children of daemons that have
// ended: they lead a process group but no session, they were told the names of
// a supervised process, and their parent is not the daemon that made them: it
// does not have the other end of their pipes.
func Survivors() []Survivor {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	p := survivorSearch{reapers: ancestors(), pipes: make(map[int]map[uint64]bool)}
	p.reapers[1] = true
	var found []Survivor
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || p.reapers[pid] {
			continue
		}
		if s, ok := p.survivor(pid); ok {
			found = append(found, s)
		}
	}
	return found
}

// survivorSearch are those of processes that are looked at.
type survivorSearch struct {
	reapers map[int]bool            // who may have been given orphans
	pipes   map[int]map[uint64]bool // what they have open, nil if that is not known
}

// ancestors are those of this process.
func ancestors() map[int]bool {
	set := make(map[int]bool)
	for pid := os.Getppid(); pid > 0 && !set[pid]; {
		set[pid] = true
		s, err := readStat(pid)
		if err != nil {
			break
		}
		pid = s.parent
	}
	return set
}

// IsAncestor reports whether a process is the parent of this one, or further up.
func IsAncestor(pid int) bool { return ancestors()[pid] }

func (p *survivorSearch) survivor(pid int) (Survivor, bool) {
	st, err := readStat(pid)
	if err != nil || st.isDead() || st.group != pid || st.session == pid || st.parent == os.Getpid() {
		return Survivor{}, false
	}
	variables, err := variablesOf(pid)
	if errors.Is(err, fs.ErrPermission) && p.reapers[st.parent] {
		s := Survivor{Orphan: Orphan{PID: pid, ProcessIdentity: ProcessIdentity{StartTime: st.startTime}}, Unreadable: true}
		s.Session, s.UID, s.Command = st.session, ownerOf(pid), argumentsOf(pid)
		return s, true
	}
	if variables["SUPERVISOR_ENABLED"] != "1" {
		return Survivor{}, false
	}
	s := Survivor{Orphan: Orphan{PID: pid, ProcessIdentity: ProcessIdentity{StartTime: st.startTime, Stdin: pipeAt(pid, 0), Stdout: pipeAt(pid, 1)}}, Variables: variables}
	isOurPipe := isReadWrite(pid, 1)
	if s.Stdout != 0 && !isOurPipe { // one of another kind of daemon, or into another process
		return Survivor{}, false
	}
	if isReadWrite(pid, 2) {
		s.Stderr = pipeAt(pid, 2)
	}
	if s.Stderr == s.Stdout {
		s.Stderr = 0
	}
	s.Redirected = s.Stdout == 0 && s.Stderr == 0
	spawned, known := p.spawnedBy(st.parent, &s)
	if spawned {
		return Survivor{}, false
	}
	s.ParentUnknown = !known
	s.Session, s.UID, s.Command = st.session, ownerOf(pid), argumentsOf(pid)
	stdin, _ := os.Readlink(descriptorPath(pid, 0))
	s.NullStdin = stdin == os.DevNull
	return s, true
}

// spawnedBy reports whether a parent has made the survivor, if that can be known.
// Who can't be looked into is believed to have been given it, if that may be.
func (p *survivorSearch) spawnedBy(parent int, s *Survivor) (spawned, known bool) {
	open, seen := p.pipes[parent]
	if !seen {
		open = openPipes(parent)
		p.pipes[parent] = open
	}
	if open == nil {
		return false, p.reapers[parent]
	}
	for _, inode := range []uint64{s.Stdin, s.Stdout, s.Stderr} {
		if inode != 0 && open[inode] {
			return true, true
		}
	}
	return false, p.reapers[parent] || s.Stdin+s.Stdout+s.Stderr != 0
}

// openPipes lists the inodes of the pipes that a process has open, nil if that
// can't be known.
func openPipes(pid int) map[uint64]bool {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return nil
	}
	list := make(map[uint64]bool)
	for _, e := range entries {
		if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name())); err == nil {
			list[pipeInode(target)] = true
		}
	}
	return list
}

// ownerOf returns the user of a process, -1 if it has ended.
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

// DaemonsOf looks through all processes for those that have the other ends of the
// pipes of survivors: daemons that have adopted them, and live. It returns the
// pid of the daemon by that of the survivor.
func DaemonsOf(survivors []Survivor) map[int]int {
	type end struct {
		inode uint64
		mode  int
	}
	ends := make(map[end]int) // to the pid of the survivor
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
		for _, f := range fds {
			fd, err := strconv.Atoi(f.Name())
			inode := pipeAt(pid, fd)
			if err != nil || inode == 0 {
				continue
			}
			for _, mode := range []int{unix.O_WRONLY, unix.O_RDONLY} {
				if of, ok := ends[end{inode, mode}]; ok && of != pid && accessMode(pid, fd) == mode {
					found[of] = pid
				}
			}
		}
	}
	return found
}
