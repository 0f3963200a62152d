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
	PID     int
	Started int64 // nanoseconds since the epoch
}

// String is how the id appears in lines and file names.
func (id ID) String() string { return fmt.Sprintf("%d.%d", id.PID, id.Started) }

// ParseID reads an id.
func ParseID(s string) (id ID, ok bool) {
	pid, started, ok := strings.Cut(s, ".")
	if !ok {
		return ID{}, false
	}
	var perr, serr error
	id.PID, perr = strconv.Atoi(pid)
	id.Started, serr = strconv.ParseInt(started, 10, 64)
	return id, perr == nil && serr == nil
}

// Stats is what a scribe has done so far. Times are nanoseconds since the
// epoch, 0 for never.
type Stats struct {
	Width     int64    // of its lines
	Written   [2]int64 // complete lines on stdout and stderr
	LastWrite int64    // when the last of them was complete
	Signaled  int64    // when it was first told to end
	Exited    int64    // when it was about to end of its own will
}

const statsSize = 4096

// createStats makes the file of a new life. It is shared memory: what is in it is
// there even when the scribe is killed the moment after.
func createStats(dir string, id ID) (*Stats, error) {
	f, err := os.OpenFile(filepath.Join(dir, id.String()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Truncate(statsSize); err != nil {
		return nil, err
	}
	memory, err := syscall.Mmap(int(f.Fd()), 0, statsSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return (*Stats)(unsafe.Pointer(&memory[0])), nil
}

// ReadStats reads the tally of one life.
func ReadStats(dir string, id ID) (Stats, error) {
	data, err := os.ReadFile(filepath.Join(dir, id.String()))
	if err != nil {
		return Stats{}, err
	}
	if len(data) < statsSize {
		return Stats{}, errors.New("the tally is being made")
	}
	return *(*Stats)(unsafe.Pointer(&data[0])), nil
}

// Runs lists the lives of a scribe, those that have a tally.
func Runs(dir string) []ID {
	entries, _ := os.ReadDir(dir)
	var ids []ID
	for _, e := range entries {
		if id, ok := ParseID(e.Name()); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *Stats) setNow(field *int64) { atomic.StoreInt64(field, time.Now().UnixNano()) }
