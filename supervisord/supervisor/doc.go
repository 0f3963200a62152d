// Package supervisor holds the groups of processes and decides when they
// start, stop, come and go.
//
// Every caller is equal here: the XML-RPC interface, the web pages, signals to
// the daemon. They call methods of Supervisor from any goroutine.
//
// The goroutine in Run owns what happens to the daemon as a whole: which
// programs are still to be started automatically, which groups are active, the
// mood, the ordered shutdown. Methods that change the set of groups hand it
// their work and wait. The table of groups is guarded by a mutex so that
// readers need not ask it. A group itself is never changed: where a process is
// added to one in use, a new value with all its processes takes its place.
//
// Programs start one after the other, in the order of their groups' and their
// own priorities, each as soon as the one before it was born; nobody waits
// until a program is RUNNING. Run also has the clock tick, for as long as
// somebody subscribes to that. At shutdown the groups are stopped one after the
// other in the opposite order; those of one priority get their signals at once,
// and only the news of them come one after the other.
//
// A program that depends on others (depends_on=, wait_for=) makes way for the next
// when its turn comes, and is held. Each change of a process has Run look at those
// who are held: whoever lacks nothing any more is started, in the order of
// priority. A start request is held in the same way, and brings what is needed.
// What is outside is asked by goroutines of its own; so are stops that have to wait
// for others, and the shutdown where dependencies have a say in its order. What a
// start waits for is part of the process's status, so that it outlasts the daemon;
// how long it has waited is not.
package supervisor
