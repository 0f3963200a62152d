package spawn

import (
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// canSetUmask says whether a child can be forked with a umask of its own.
const canSetUmask = true

// umaskForker forks children that need a umask of their own. All threads of a process
// share one umask; on Linux a thread can get its own with unshare(CLONE_FS). One goroutine
// owns such a thread and forks from it. The first child that needs it starts the goroutine.
type umaskForker struct {
	once     sync.Once
	requests chan forkRequest
	quit     chan struct{}
	failed   error // of unshare
}

type forkRequest struct {
	spec   *Spec
	attr   *syscall.ProcAttr
	result chan<- forkResult
}

type forkResult struct {
	pid int
	err error
}

func (u *umaskForker) forkExec(spec *Spec, attr *syscall.ProcAttr) (int, error) {
	if spec.Umask < 0 {
		return syscall.ForkExec(spec.Path, spec.Args, attr)
	}
	u.once.Do(u.start)
	if u.failed != nil {
		return 0, u.failed
	}
	result := make(chan forkResult, 1)
	select {
	case u.requests <- forkRequest{spec, attr, result}:
	case <-u.quit:
		return 0, syscall.ECANCELED
	}
	r := <-result
	return r.pid, r.err
}

func (u *umaskForker) start() {
	u.requests = make(chan forkRequest)
	u.quit = make(chan struct{})
	ready := make(chan error)
	go u.run(ready)
	u.failed = <-ready
}

// run never unlocks its thread, which differs from the others now. The runtime ends the
// thread with the goroutine.
func (u *umaskForker) run(ready chan<- error) {
	runtime.LockOSThread()
	err := unix.Unshare(unix.CLONE_FS)
	ready <- err
	if err != nil {
		return
	}
	for {
		select {
		case r := <-u.requests:
			old := unix.Umask(r.spec.Umask)
			pid, err := syscall.ForkExec(r.spec.Path, r.spec.Args, r.attr)
			unix.Umask(old)
			r.result <- forkResult{pid, err}
		case <-u.quit:
			return
		}
	}
}

// stop ends the goroutine, if there is one.
func (u *umaskForker) stop() {
	u.once.Do(func() { u.quit = make(chan struct{}); u.failed = syscall.ECANCELED })
	close(u.quit)
}
