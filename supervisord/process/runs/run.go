package runs

import (
	"syscall"
	"time"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

// Run is one run of a program, from a start to the exit of the child, or to a start that
// failed. Its JSON names never change: journals of earlier versions are read.
type Run struct {
	PID       int           `json:",omitempty"` // 0 if there was no child
	Started   boottime.Time `json:",omitzero"`
	Ended     boottime.Time `json:",omitzero"`
	StartedBy string        `json:",omitempty"` // the reason for the start, in words
	IsRestart bool          `json:",omitempty"` // it followed another run without a request
	StoppedBy string        `json:",omitempty"` // the reason for the stop, "" if the child exited by itself

	Code     int            // exit status, -1 if a signal ended the child or it is unknown
	Signal   syscall.Signal `json:",omitempty"`
	Core     bool           `json:",omitempty"` // the child dumped core
	SpawnErr string         `json:",omitempty"` // why there was no child
	Expected bool           `json:",omitempty"` // the exit was requested, or its status is one of exitcodes

	MaxRSS int64         `json:",omitempty"` // largest resident set of the child in bytes, 0 if unknown
	CPU    time.Duration `json:",omitempty"` // user and system time of the child and of descendants it has waited for

	Stdout, Stderr Output `json:",omitzero"`
}

// Output is where in a log the output of a run is.
type Output struct {
	Inode    uint64 `json:",omitempty"` // of the file at the beginning, 0 if there is none
	From     int64  `json:",omitempty"` // offset in that file
	EndInode uint64 `json:",omitempty"` // of the file at the end: the log may have been rotated
	To       int64  `json:",omitempty"` // offset in that file
}

// sameEnd is how far apart two records of one end may be: times that are read again may
// differ by what the clocks differ.
const sameEnd = 100 * time.Millisecond

// EndedAfter reports whether the run ended after another one, so that it is not the same.
func (r *Run) EndedAfter(other *Run) bool { return r.Ended.Sub(other.Ended.Time) > sameEnd }

// Duration is how long the child ran.
func (r *Run) Duration() time.Duration { return max(r.Ended.Sub(r.Started.Time), 0) }

// Exit returns how the child exited.
func (r *Run) Exit() spawn.Exit { return spawn.Exit{Code: r.Code, Signal: r.Signal, Core: r.Core} }

// String returns how the run ended, in words.
func (r *Run) String() string {
	switch {
	case r.SpawnErr != "":
		return "not started: " + r.SpawnErr
	case r.Code == -1 && r.Signal == syscall.SIGKILL && r.StoppedBy == "":
		return r.Exit().String() + ", which supervisord did not send; the kernel does that when memory runs out"
	}
	return r.Exit().String()
}
