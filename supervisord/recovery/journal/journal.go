package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Version is the newest form of the record that is understood. Older ones are
// read too.
const Version = 1

// Entry is what there is to know of one process.
type Entry struct {
	Group, Name string
	PID         int    `json:",omitempty"` // 0 for no child
	Born        uint64 `json:",omitempty"` // of the child, see spawn.Traces
	Stdin       uint64 `json:",omitempty"` // inodes of its pipes
	Stdout      uint64 `json:",omitempty"`
	Stderr      uint64 `json:",omitempty"`

	State      int      // a states.Process
	Tries      int      `json:",omitempty"`
	ExitStatus int      `json:",omitempty"`
	Ending     int      `json:",omitempty"` // see process.Status
	SpawnErr   string   `json:",omitempty"`
	Waiting    string   `json:",omitempty"` // see process.Status
	Declined   bool     `json:",omitempty"`
	Reason     string   `json:",omitempty"`
	Started    Moment   `json:",omitzero"`
	Ended      Moment   `json:",omitzero"`
	Deadline   Moment   `json:",omitzero"` // of the state
	Due        bool     `json:",omitempty"`
	Again      bool     `json:",omitempty"`
	Row        int      `json:",omitempty"`
	Restarts   []Moment `json:",omitempty"`
	Step       int      `json:",omitempty"`
	Leaderless bool     `json:",omitempty"`
	Cgroup     string   `json:",omitempty"` // its path
	Left       string   `json:",omitempty"` // see process.Status
	AgainBy    string   `json:",omitempty"`
	Hook       int      `json:",omitempty"` // a process.Hook that is under way

	Vitals *Vitals `json:",omitempty"` // nil if there are none

	// What the child was started as, for a daemon that has it configured otherwise.
	Section    string `json:",omitempty"`
	Num        int    `json:",omitempty"` // process_num
	Digest     string `json:",omitempty"` // see config.Process.Digest
	StdoutFile string `json:",omitempty"` // log files that are not AUTO
	StderrFile string `json:",omitempty"`
	Stop       *Stop  `json:",omitempty"` // nil for the defaults

	StdoutLog string `json:",omitempty"` // AUTO log files
	StderrLog string `json:",omitempty"`

	// Scale is set for what is no process: Name is the section of a program then.
	Scale *Scale `json:",omitempty"`
}

// Stop is how a child is stopped.
type Stop struct {
	Signal              int
	Wait                int // seconds
	AsGroup, KillsGroup bool
}

// Scale is another number of processes than the file of a program says.
type Scale struct {
	Numprocs int // that there are
	Surplus  int `json:",omitempty"` // how many of them are to go
	Of       int // what the file says
}

// Vitals are a process.Vitals.
type Vitals struct {
	Ready    bool   `json:",omitempty"`
	NotYet   string `json:",omitempty"`
	ReadyBy  Moment `json:",omitzero"`
	Late     bool   `json:",omitempty"`
	Unheard  bool   `json:",omitempty"`
	Health   string `json:",omitempty"`
	Ill      string `json:",omitempty"`
	VitalsAt Moment `json:",omitzero"`
}

func (e *Entry) key() key { return key{e.Group, e.Name} }

type key struct{ group, name string }

// Head is who keeps a record, and where.
type Head struct {
	World string // in which it holds, see World
	PID   int    // of the daemon
	Born  uint64 // of the daemon, see spawn.Traces
	// Names tell which configuration the daemon has: it is the same as another if
	// they have a name in common. An earlier supervisord gave none.
	Names []string `json:",omitempty"`
}

// IsOf reports whether the record may be of a configuration with these names.
func (h *Head) IsOf(names []string) bool {
	return len(h.Names) == 0 || slices.ContainsFunc(h.Names, func(n string) bool { return slices.Contains(names, n) })
}

// Ledger is the record as it was last written.
type Ledger struct {
	Head
	// Leaving tells that the daemon was about to end: who had no child any more
	// is not to stay so.
	Leaving bool
	// Taken is a time in clock ticks since boot: all that had happened by then is
	// recorded. It is that of the last batch before the first one of which a line
	// is missing.
	Taken   uint64
	Entries []Entry // by group and name
	// Damage says in words what could not be read, "" for nothing. Entries tell
	// what the other lines say.
	Damage string
}

// headLine and entryLine are the lines of the file.
type headLine struct {
	Version int `json:"SupervisorState"`
	Head
}

type entryLine struct {
	At      uint64 // clock ticks since boot
	Leaving bool   `json:",omitempty"` // at that time
	// Batch numbers what was written at once, from 1 at the beginning of the
	// file; Line is the number of this line in it, from 1, and Of how many lines
	// it has. All are 0 in a journal of an earlier supervisord.
	Batch int `json:",omitempty"`
	Line  int `json:",omitempty"`
	Of    int `json:",omitempty"`
	Entry
}

// BadError tells why a file can't be used.
type BadError struct{ Path, Why string }

// Error names the file.
func (e *BadError) Error() string { return fmt.Sprintf("state file %s %s", e.Path, e.Why) }

// Read reads the record. The error is fs.ErrNotExist if there is none, and a
// *BadError if the file is not a record that we understand.
func Read(path string) (*Ledger, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, &BadError{path, "is a link"}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if why := distrust(f); why != "" {
		return nil, &BadError{path, why}
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	l, why := decode(data)
	if why != "" {
		return nil, &BadError{path, why}
	}
	return l, nil
}

// distrust says in words why a file can't have been written by us. To believe
// somebody else's would be to signal whom he wants.
func distrust(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return "is no file"
	case !ok || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0:
		return "can be written by other users"
	case stat.Nlink > 1:
		return "has a second name, which other users can have given it"
	}
	return ""
}

// Remove removes the record, and what a crash may have left of another one.
func Remove(path string) {
	os.Remove(path)
	os.Remove(newName(path))
}

// newName is where a journal is written before it gets its name.
func newName(path string) string { return path + ".new" }

var newline = []byte{'\n'}

// sumLength is what a line begins with: its checksum in hexadecimal, and a space.
const sumLength = 9

func body(line []byte) []byte { return line[min(sumLength, len(line)):] }

func isSound(line []byte) bool {
	return bytes.Equal(line[:min(sumLength, len(line))], fmt.Appendf(nil, "%08x ", crc32.ChecksumIEEE(body(line))))
}

// appendLine adds v as a line. The types of lines can always be written as JSON.
func appendLine(to []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	to = fmt.Appendf(to, "%08x ", crc32.ChecksumIEEE(text))
	return append(append(to, text...), '\n')
}

// Time is when lines are made, and what is about to happen then.
type Time struct {
	Ticks   uint64 // since boot
	Leaving bool   // the daemon
}

// journal is the file as its only writer has it.
type journal struct {
	path string
	head Head
	file *os.File // nil before the first line and after a failure
	size int      // bytes
	last int      // bytes when it was last written anew

	batches int // that were begun since
}

// sparse is how much longer than needed the journal may grow, in bytes, before
// it is written anew.
const sparse = 256 << 10

// isDue reports whether the journal is to be written anew: most of it is of no
// interest any more, or it is not where it should be.
func (j *journal) isDue() bool { return j.size > 2*j.last+sparse || !j.isInPlace() }

// copies is how often each line is written: what a line alone says, as that a
// process was stopped, must not be lost with one damaged byte. Between the
// copies is a line that says nothing, so that the end of a line, if damaged, does
// not make one line of two copies.
const copies = 2

var nothing struct{}

// appendBatch adds the lines of a batch, numbered from 1.
func appendBatch(to []byte, number int, at Time, entries []Entry) []byte {
	for range copies {
		for i, e := range entries {
			to = appendLine(to, entryLine{At: at.Ticks, Leaving: at.Leaving, Batch: number, Line: i + 1, Of: len(entries), Entry: e})
		}
		to = appendLine(to, nothing)
	}
	return to
}

// add writes a batch at the end.
func (j *journal) add(at Time, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	j.batches++
	n, err := j.file.Write(appendBatch(nil, j.batches, at, entries))
	j.size += n
	if err != nil {
		j.close() // half a line in the middle would spoil it
	}
	return err
}

// replace writes the journal anew, with nothing but these entries.
func (j *journal) replace(at Time, entries []Entry) error {
	j.close()
	var data []byte
	for range copies {
		data = appendLine(appendLine(data, headLine{Version, j.head}), nothing)
	}
	data = appendBatch(data, 1, at, entries)
	temp := newName(j.path)
	file, err := writeNew(temp, data)
	if err == nil {
		err = os.Rename(temp, j.path)
	}
	if err != nil {
		if file != nil {
			file.Close()
		}
		os.Remove(temp)
		return err
	}
	j.file, j.size, j.last, j.batches = file, len(data), len(data), 1
	return nil
}

// isInPlace reports whether the file of the journal's name is still what was
// written. What somebody has removed, replaced or cut the next daemon can't read.
func (j *journal) isInPlace() bool {
	if j.file == nil {
		return false
	}
	mine, err := j.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(j.path)
	return err == nil && os.SameFile(mine, there) && mine.Size() == int64(j.size)
}

// writeNew never follows a link that somebody has put there.
func writeNew(path string, data []byte) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	return f, err
}

func (j *journal) close() {
	if j.file != nil {
		j.file.Close()
		j.file = nil
	}
}
