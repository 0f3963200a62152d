package daemon

import (
	"os"
	"runtime"
	"sync"
)

const (
	// maxProcs is how many threads run at a time at most. What a supervisor
	// does is little; more would only be more threads to find when there are
	// none.
	maxProcs = 3
	// reservedThreads is how many threads there are from the beginning: those that run,
	// those that the runtime has for itself, and some for calls that block.
	reservedThreads = 9
)

// ReserveThreads starts the threads that the daemon will need while the system
// still gives them. The Go runtime ends a process that wants a thread and gets
// none, which happens when a program has forked as often as RLIMIT_NPROC or
// pids.max allow. A thread that has nothing to do is kept for ever and costs
// some kilobytes.
func ReserveThreads() {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) > maxProcs {
		runtime.GOMAXPROCS(maxProcs)
	}
	var all, done sync.WaitGroup
	all.Add(reservedThreads)
	for range reservedThreads {
		done.Go(func() {
			runtime.LockOSThread() // a goroutine that waits keeps its thread then
			all.Done()
			all.Wait()
			runtime.UnlockOSThread()
		})
	}
	done.Wait()
}
