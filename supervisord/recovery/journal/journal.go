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

// Version is the newest form of a journal that is understood. Older forms are read
// too.
const Version = 1

// Entry is one subject of the journal: a process, or the scale of a program.
type Entry struct {
	process.State
	// Scale is set for the scale of a program: Name is its section then, and nothing
	// else of State is set.
	Scale *Scale `json:",omitempty"`
}

// Scale is a number of processes of a program that differs from its configuration file.
type Scale struct {
	Numprocs   int // processes that exist
	Surplus    int `json:",omitempty"` // how many of them are to be removed
	Configured int `json:"Of"`         // what the file configures
}

func (e *Entry) key() key { return key{e.Group, e.Name} }

type key struct{ group, name string }

// Header says which daemon keeps a journal, and where.
type Header struct {
	BootID    string `json:"World"` // the boot to which its pids belong, see boottime.BootID
	PID       int    // of the daemon
	StartTime uint64 `json:"Born"` // of the daemon, see spawn.ProcessIdentity
	// Names identify the configuration of the daemon: two configurations with a name in
	// common are the same. Early versions wrote none.
	Names []string `json:",omitempty"`
}

// MatchesConfig reports whether the journal may be of a configuration with these names.
func (h *Header) MatchesConfig(names []string) bool {
	return len(h.Names) == 0 || slices.ContainsFunc(h.Names, func(n string) bool { return slices.Contains(names, n) })
}

// Contents is what a journal says.
type Contents struct {
	Header
	// ShuttingDown says that the daemon was about to end: processes without a child were
	// stopped by the shutdown.
	ShuttingDown bool
	// CompleteUntil is a time in clock ticks since boot: everything that happened before
	// is recorded. It is the time of the last batch before the first one with a missing
	// line.
	CompleteUntil uint64
	Entries       []Entry // by group and name
	// Damage says in words what could not be read, "" for nothing. Entries have what the
	// other lines say.
	Damage string
}

// headerLine and entryLine are the lines of the file.
type headerLine struct {
	Version int `json:"SupervisorState"`
	Header
}

type entryLine struct {
	At           uint64 // clock ticks since boot
	ShuttingDown bool   `json:"Leaving,omitempty"` // at that time
	// Batch is the number of the batch, from 1 at the beginning of the file; Line is the
	// number of this line in it, from 1, and Of how many lines it has. All are 0 in
	// journals of early versions.
	Batch int `json:",omitempty"`
	Line  int `json:",omitempty"`
	Of    int `json:",omitempty"`
	Entry
}

// BadError says why a file can't be used.
type BadError struct{ Path, Why string }

// Error names the file.
func (e *BadError) Error() string { return fmt.Sprintf("state file %s %s", e.Path, e.Why) }

// Read reads a journal. The error is fs.ErrNotExist if there is none, and a *BadError if
// the file is not a journal that this version understands.
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

// untrustedReason says in words why a file may have been written by another user, "" if it
// can't have been. Another user's journal would make the daemon signal any process.
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

// Remove removes a journal, and what a crash may have left of the next one.
func Remove(path string) {
	os.Remove(path)
	os.Remove(tempPath(path))
}

// tempPath is where a journal is written anew before it gets its name.
func tempPath(path string) string { return path + ".new" }

var newline = []byte{'\n'}

// checksumLength is the length of what a line begins with: its checksum in hexadecimal,
// and a space.
const checksumLength = 9

func lineBody(line []byte) []byte { return line[min(checksumLength, len(line)):] }

func isIntact(line []byte) bool {
	return bytes.Equal(line[:min(checksumLength, len(line))], fmt.Appendf(nil, "%08x ", crc32.ChecksumIEEE(lineBody(line))))
}

// appendLine appends v as a line. It panics if v can't be encoded, which the types of
// lines always can.
func appendLine(to []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	to = fmt.Appendf(to, "%08x ", crc32.ChecksumIEEE(text))
	return append(append(to, text...), '\n')
}

// BatchInfo is what all lines of a batch have in common.
type BatchInfo struct {
	Ticks        uint64 // since boot
	ShuttingDown bool   // the daemon
}

// journalFile is the file, as its only writer knows it.
type journalFile struct {
	path          string
	head          Header
	file          *os.File // nil before the first line and after a failure
	size          int      // bytes
	rewrittenSize int      // bytes after it was last written anew

	batches int // begun since then
}

// maxGarbage is how much longer than needed the journal may grow before it is written
// anew, in bytes.
const maxGarbage = 256 << 10

// needsRewrite reports whether the journal is to be written anew: most of it is outdated,
// or it is not in its place.
func (j *journalFile) needsRewrite() bool {
	return j.size > 2*j.rewrittenSize+maxGarbage || !j.isInPlace()
}

// copies is how often each line is written. What only one line says, such as that a
// process was stopped, must not be lost with one damaged byte. An empty line is between
// the copies, so that a damaged end of a line does not join two copies.
const copies = 2

var emptyLine struct{}

// appendBatch adds the lines of a batch, numbered from 1.
func appendBatch(to []byte, number int, at BatchInfo, entries []Entry) []byte {
	for range copies {
		for i, e := range entries {
			to = appendLine(to, entryLine{At: at.Ticks, ShuttingDown: at.ShuttingDown, Batch: number, Line: i + 1, Of: len(entries), Entry: e})
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
		j.close() // half a line in the middle would damage it
	}
	return err
}

// rewrite writes the journal anew with these entries only.
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

// isInPlace reports whether the file of the journal's name is what was written. If it was
// removed, replaced or cut, the next daemon can't read it.
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

// createFile creates a file. It never follows a link at path.
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
