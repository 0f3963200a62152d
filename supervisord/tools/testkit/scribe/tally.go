package scribe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// ID is one life of a scribe.
type ID struct {
	PID   int
	Begun int64 // nanoseconds since the epoch
}

// String is how the id appears in lines and file names.
func (id ID) String() string { return fmt.Sprintf("%d.%d", id.PID, id.Begun) }

// ParseID reads an id.
func ParseID(s string) (id ID, ok bool) {
	pid, begun, ok := strings.Cut(s, ".")
	if !ok {
		return ID{}, false
	}
	var perr, berr error
	id.PID, perr = strconv.Atoi(pid)
	id.Begun, berr = strconv.ParseInt(begun, 10, 64)
	return id, perr == nil && berr == nil
}

// Tally is what a scribe has done so far. Times are nanoseconds since the
// epoch, 0 for never.
type Tally struct {
	Width   int64    // of its lines
	Written [2]int64 // complete lines on stdout and stderr
	Last    int64    // when the last of them was complete
	Told    int64    // when it was first told to end
	Ended   int64    // when it was about to end of its own will
}

const tallySize = 4096

// create makes the file of a new life. It is shared memory: what is in it is
// there even when the scribe is killed the moment after.
func create(dir string, id ID) (*Tally, error) {
	f, err := os.OpenFile(filepath.Join(dir, id.String()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Truncate(tallySize); err != nil {
		return nil, err
	}
	memory, err := syscall.Mmap(int(f.Fd()), 0, tallySize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return (*Tally)(unsafe.Pointer(&memory[0])), nil
}

// Read reads the tally of one life.
func Read(dir string, id ID) (Tally, error) {
	data, err := os.ReadFile(filepath.Join(dir, id.String()))
	if err != nil {
		return Tally{}, err
	}
	if len(data) < tallySize {
		return Tally{}, errors.New("the tally is being made")
	}
	return *(*Tally)(unsafe.Pointer(&data[0])), nil
}

// Lives lists the lives of a scribe, those that have a tally.
func Lives(dir string) []ID {
	entries, _ := os.ReadDir(dir)
	var ids []ID
	for _, e := range entries {
		if id, ok := ParseID(e.Name()); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *Tally) now(field *int64) { atomic.StoreInt64(field, time.Now().UnixNano()) }
