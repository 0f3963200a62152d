// Package descendants finds, signals and watches the processes that a child of the daemon
// has started: its process group, its descendants, or the members of a control group of
// its own.
//
// A Tracker is shared by all trees of a daemon; a Tree belongs to one child. A Tree has no
// goroutine of its own: an exit that the poller reports, or a request, starts one that
// looks through /proc and ends. The methods may be called from anywhere; most read all of
// /proc and block for as long as that takes.
//
// A process is identified by its pid and start time and signalled through a pidfd, so that
// no other process is ever signalled. The kernel reports exits, through pidfds and
// cgroup.events in the poller's set. Where the kernel provides no pidfd, the start time is
// checked before each signal, and exits are looked for every 200 ms. On systems without
// /proc a tree is the child's process group, and its members are unknown.
package descendants
