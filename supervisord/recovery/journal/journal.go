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

	"supervisor/supervisord/process"
)

// Version is the newest form of the record that is understood. Older ones are
// read too.
const Version = 1

// Entry is one subject of the journal: a process, or the scale of a program.
type Entry struct {
	process.State
	// Scale is set for the scale of a program: Name is its section then, and nothing
	// else of State is set.
	Scale *Scale `json:",omitempty"`
}

// Scale is another number of processes than the file of a program says.
type Scale struct {
	Numprocs int // that there are
	Surplus  int `json:",omitempty"` // how many of them are to go
	Of       int // what the file says
}

func (e *Entry) key() key { return key{e.Group, e.Name} }

type key struct{ group, name string }

// Header is who keeps a record, and where.
type Header struct {
	World string // in which it holds, see World
	PID   int    // of the daemon
	Born  uint64 // of the daemon, see spawn.Identity
	// Names tell which configuration the daemon has: it is the same as another if
	// they have a name in common. An earlier supervisord gave none.
	Names []string `json:",omitempty"`
}

// MatchesConfig reports whether the record may be of a configuration with these names.
func (h *Header) MatchesConfig(names []string) bool {
	return len(h.Names) == 0 || slices.ContainsFunc(h.Names, func(n string) bool { return slices.Contains(names, n) })
}

// Contents is the record as it was last written.
type Contents struct {
	Header
	// Leaving tells that the daemon was about to end: who had no child any more
	// is not to stay so.
	ShuttingDown bool
	// Taken is a time in clock ticks since boot: all that had happened by then is
	// recorded. It is that of the last batch before the first one of which a line
	// is missing.
	CompleteUntil uint64
	Entries       []Entry // by group and name
	// Damage says in words what could not be read, "" for nothing. Entries tell
	// what the other lines say.
	Damage string
}

// headerLine and entryLine are the lines of the file.
type headerLine struct {
	Version int `json:"SupervisorState"`
	Header
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
func Read(path string) (*Contents, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, &BadError{path, "is a link"}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if why := untrustedReason(f); why != "" {
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

// untrustedReason says in words why a file can't have been written by us. To believe
// somebody else's would be to signal whom he wants.
func untrustedReason(f *os.File) string {
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
	os.Remove(tempPath(path))
}

// tempPath is where a journal is written before it gets its name.
func tempPath(path string) string { return path + ".new" }

var newline = []byte{'\n'}

// checksumLength is what a line begins with: its checksum in hexadecimal, and a space.
const checksumLength = 9

func lineBody(line []byte) []byte { return line[min(checksumLength, len(line)):] }

func isIntact(line []byte) bool {
	return bytes.Equal(line[:min(checksumLength, len(line))], fmt.Appendf(nil, "%08x ", crc32.ChecksumIEEE(lineBody(line))))
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

// BatchInfo is when lines are made, and what is about to happen then.
type BatchInfo struct {
	Ticks        uint64 // since boot
	ShuttingDown bool   // the daemon
}

// journalFile is the file as its only writer has it.
type journalFile struct {
	path          string
	head          Header
	file          *os.File // nil before the first line and after a failure
	size          int      // bytes
	rewrittenSize int      // bytes when it was last written anew

	batches int // that were begun since
}

// maxGarbage is how much longer than needed the journal may grow, in bytes, before
// it is written anew.
const maxGarbage = 256 << 10

// needsRewrite reports whether the journal is to be written anew: most of it is of no
// interest any more, or it is not where it should be.
func (j *journalFile) needsRewrite() bool {
	return j.size > 2*j.rewrittenSize+maxGarbage || !j.isInPlace()
}

// copies is how often each line is written: what a line alone says, as that a
// process was stopped, must not be lost with one damaged byte. Between the
// copies is a line that says nothing, so that the end of a line, if damaged, does
// not make one line of two copies.
const copies = 2

var emptyLine struct{}

// appendBatch adds the lines of a batch, numbered from 1.
func appendBatch(to []byte, number int, at BatchInfo, entries []Entry) []byte {
	for range copies {
		for i, e := range entries {
			to = appendLine(to, entryLine{At: at.Ticks, Leaving: at.ShuttingDown, Batch: number, Line: i + 1, Of: len(entries), Entry: e})
		}
		to = appendLine(to, emptyLine)
	}
	return to
}

// add writes a batch at the end.
func (j *journalFile) add(at BatchInfo, entries []Entry) error {
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

// rewrite writes the journal anew, with nothing but these entries.
func (j *journalFile) rewrite(at BatchInfo, entries []Entry) error {
	j.close()
	var data []byte
	for range copies {
		data = appendLine(appendLine(data, headerLine{Version, j.head}), emptyLine)
	}
	data = appendBatch(data, 1, at, entries)
	temp := tempPath(j.path)
	file, err := createFile(temp, data)
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
	j.file, j.size, j.rewrittenSize, j.batches = file, len(data), len(data), 1
	return nil
}

// isInPlace reports whether the file of the journal's name is still what was
// written. What somebody has removed, replaced or cut the next daemon can't read.
func (j *journalFile) isInPlace() bool {
	if j.file == nil {
		return false
	}
	opened, err := j.file.Stat()
	if err != nil {
		return false
	}
	onDisk, err := os.Lstat(j.path)
	return err == nil && os.SameFile(opened, onDisk) && opened.Size() == int64(j.size)
}

// createFile never follows a link that somebody has put there.
func createFile(path string, data []byte) (*os.File, error) {
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

func (j *journalFile) close() {
	if j.file != nil {
		j.file.Close()
		j.file = nil
	}
}
