package descendants

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"supervisor/supervisord/system/procfs"
)

// process is a living process as a scan has found it.
type process struct {
	procfs.Stat
	pid     int
	inGroup bool // it certainly is a member of the child's process group
}

// scan returns all descendants that live, by pid, without the child itself. It is unsure
// if there may be more.
func (t *Tree) scan() (found map[int]*process, unsure bool) {
	if t.cgroup != nil {
		return t.scanCgroup(), false
	}
	all := processes()
	delete(all, os.Getpid()) // the daemon is never meant, whatever it descends from
	found = make(map[int]*process)
	leader := t.leader.Pid()
	reaped, lastAlive := t.leader.IsReaped(), t.leader.LastAliveTick()
	reapers := t.reapers()
	for pid, p := range all {
		if pid == leader && !reaped {
			continue
		}
		switch {
		case p.Group == leader && (!reaped || p.StartTime < lastAlive):
			p.inGroup = true
			found[pid] = p
		case t.isTracked(p):
			found[pid] = p
		case reapers[p.Parent]:
			is, maybe := t.isOrphan(p)
			if is {
				found[pid] = p
			}
			unsure = unsure || maybe
		}
	}
	t.addDescendants(all, found, reaped)
	for _, p := range found {
		p.inGroup = p.inGroup || p.Group == leader
	}
	return found, unsure
}

// scanCgroup returns the members of the control group.
func (t *Tree) scanCgroup() map[int]*process {
	found := make(map[int]*process)
	reaped := t.leader.IsReaped()
	for _, pid := range t.cgroup.pids() {
		if pid == t.leader.Pid() && !reaped {
			continue
		}
		if s, err := procfs.ReadStat(pid); err == nil && !s.IsDead() {
			found[pid] = &process{Stat: s, pid: pid}
		}
	}
	return found
}

// reapers returns the processes of which orphaned descendants may be children now.
func (t *Tree) reapers() map[int]bool {
	set := map[int]bool{}
	if t.daemonMarker != "" {
		set = procfs.Ancestors()
	}
	set[os.Getpid()] = true
	return set
}

func (t *Tree) isTracked(p *process) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.tracked[p.pid]
	return d != nil && d.startTime == p.StartTime
}

// isOrphan reports whether a child of a reaper descends from the leader, by the markers in
// its environment. A command that the daemon runs for the program has the markers too;
// while it is being forked it can't be told apart.
func (t *Tree) isOrphan(p *process) (is, unsure bool) {
	if p.Parent != os.Getpid() {
		return t.daemonMarker != "" && procfs.HasVariables(p.pid, append(slices.Clone(t.markers), t.daemonMarker)), false
	}
	if !procfs.HasVariables(p.pid, t.markers) {
		return false, false
	}
	spawned, unsure := t.tracker.daemon.IsSpawned(p.pid, p.StartTime)
	return !spawned && !unsure, unsure
}

// addDescendants adds the descendants of those that have been found, and those of the
// leader unless it was reaped.
func (t *Tree) addDescendants(all, found map[int]*process, reaped bool) {
	children := make(map[int][]*process)
	for _, p := range all {
		children[p.Parent] = append(children[p.Parent], p)
	}
	todo := slices.Collect(maps.Keys(found))
	if !reaped {
		todo = append(todo, t.leader.Pid())
	}
	for len(todo) > 0 {
		pid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range children[pid] {
			if found[p.pid] == nil && p.pid != t.leader.Pid() {
				found[p.pid] = p
				todo = append(todo, p.pid)
			}
		}
	}
}

// processes returns all living processes, by pid.
func processes() map[int]*process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	all := make(map[int]*process, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := procfs.ReadStat(pid); err == nil && !s.IsDead() {
			all[pid] = &process{Stat: s, pid: pid}
		}
	}
	return all
}

// maxCommandLength is how much of a command is shown, in bytes.
const maxCommandLength = 80

// commandOf returns the command line of a process, fit for a line of a log.
func commandOf(pid int) string {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	text := string(bytes.TrimRight(data, "\x00"))
	if text == "" {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		text = "[" + strings.TrimSpace(string(name)) + "]"
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == 0:
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, text)
	if len(text) > maxCommandLength {
		text = strings.ToValidUTF8(text[:maxCommandLength], "") + "..."
	}
	return text
}
