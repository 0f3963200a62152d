package linewriter

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

// ID is one run of the program.
type ID struct {
	PID     int
	Started int64 // nanoseconds since the epoch
}

// String is the form of the id in lines and file names.
func (id ID) String() string { return fmt.Sprintf("%d.%d", id.PID, id.Started) }

// ParseID reads the form that String writes.
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

// Stats is what a run has done so far. Times are nanoseconds since the epoch, 0 for
// never.
type Stats struct {
	Width     int64    // of its lines
	Written   [2]int64 // complete lines on stdout and stderr
	LastWrite int64    // when the last of them was complete
	Signaled  int64    // when it received SIGTERM
	Exited    int64    // when it called exit
}

const statsSize = 4096

// createStats makes the file of a new run. It is shared memory, so SIGKILL loses nothing
// that was stored.
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

// ReadStats reads the counts of a run.
func ReadStats(dir string, id ID) (Stats, error) {
	data, err := os.ReadFile(filepath.Join(dir, id.String()))
	if err != nil {
		return Stats{}, err
	}
	if len(data) < statsSize {
		return Stats{}, errors.New("the file of the counts is not complete")
	}
	return *(*Stats)(unsafe.Pointer(&data[0])), nil
}

// Runs lists the runs that have a file in a directory.
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
