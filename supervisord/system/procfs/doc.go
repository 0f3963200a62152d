// Package procfs reads what the kernel shows of processes in /proc: their state and
// parents, the pipes that they have open, their environment.
//
// It has no goroutines, except that one with its own thread reads as another user where
// this process lacks the right. Nothing is cached.
//
// A pid alone may mean another process a moment later. A pid together with the start
// time means one process for as long as the system runs. On systems other than Linux
// there is nothing to read: every start time is 0.
package procfs
