package spawn

import (
	"runtime"
	"syscall"
	"time"
)

// Usage is what a child has used, as getrusage(2) has it: the child itself and those of
// its descendants that it has waited for.
type Usage struct {
	// MaxRSS is the largest resident set of any of them, in bytes. It is 0 if it was no
	// larger than the daemon's: the kernel counts the memory that a child had before it
	// executed its program, which was the daemon's.
	MaxRSS int64
	CPU    time.Duration // user and system time of all of them
}

// UsageReporter is a Child that knows its Usage.
type UsageReporter interface {
	// Usage returns what the child has used. It is known once Exited has delivered the
	// exit; of a child that another daemon started it is never known and zero.
	Usage() Usage
}

func usageOf(ru *syscall.Rusage) Usage {
	unit := int64(1 << 10)
	if runtime.GOOS == "darwin" { // which counts bytes
		unit = 1
	}
	return Usage{MaxRSS: int64(ru.Maxrss) * unit, CPU: time.Duration(ru.Utime.Nano() + ru.Stime.Nano())}
}

// Usage implements UsageReporter.
func (c *child) Usage() Usage {
	c.spawner.mu.Lock()
	used := c.usage
	c.spawner.mu.Unlock()
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil || used.MaxRSS <= usageOf(&self).MaxRSS {
		used.MaxRSS = 0
	}
	return used
}

// reapedExit is how a process ended that was reaped before its pid was known.
type reapedExit struct {
	status syscall.WaitStatus
	usage  Usage
}
