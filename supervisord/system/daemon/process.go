package daemon

import (
	"os"
	"runtime"
	"sync"
	"syscall"

	"supervisor/supervisord/system/accounts"
)

// SetUser makes the whole process, with all its threads, run as the user uid from now on.
// The error says in Supervisor's words why it can't; then the process must exit.
func SetUser(uid int) error {
	if c := accounts.CredentialsOf(uid); c != nil {
		return c.Become()
	}
	return nil // it runs as that user already
}

// SetUmask sets the file mode creation mask of the daemon and of the children that have none
// of their own.
func SetUmask(mask int) { syscall.Umask(mask) }

const (
	// maxProcs is how many threads run at a time at most. A supervisor has little to
	// do, and the system may have no more threads when they are needed.
	maxProcs = 3
	// reservedThreads is how many threads are started at the beginning: those that run
	// goroutines, those of the runtime, and some for calls that block.
	reservedThreads = 9
)

// ReserveThreads starts the threads that the daemon will need, while the system still has
// some. The Go runtime aborts a process that needs a thread and gets none, which happens when
// a program has forked as often as RLIMIT_NPROC or pids.max allow. The runtime keeps idle
// threads for ever; each costs some kilobytes.
func ReserveThreads() {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) > maxProcs {
		runtime.GOMAXPROCS(maxProcs)
	}
	var all, done sync.WaitGroup
	all.Add(reservedThreads)
	for range reservedThreads {
		done.Go(func() {
			runtime.LockOSThread() // so that the waiting goroutine keeps its thread
			all.Done()
			all.Wait()
			runtime.UnlockOSThread()
		})
	}
	done.Wait()
}
