// Package listener hands events to the programs of [eventlistener:x] sections.
//
// A [Pool] subscribes to the bus and keeps waiting events in a bounded queue. Its
// members are the processes of the group. Each follows Supervisor's protocol on
// stdin and stdout: the child writes READY, gets one event, answers RESULT, and
// writes READY again. An event goes to the first member, in the order of the
// configuration, that is RUNNING and READY. Events leave the queue oldest first;
// several members work in parallel.
//
// The package has no goroutine, except for a moment at the end of a pause after
// rejections. A pool is a mutex over its queue and its members, and each caller does
// the work itself: the publisher of an event, the reader of a listener's stdout, the
// owner of a listener's process. A goroutine would need a bounded queue of its own in
// front of this one. A mutex is enough because nothing under it blocks: writing to a
// child writes what the pipe takes and queues the rest, and neither the bus nor a
// process is called. The main log is written under it, so that its lines are in the
// order of what happened.
//
// # Events in a pool
//
// An accepted event is numbered and appended to the queue. If the queue is full, the
// oldest event is dropped, with a line in the main log. An event that was rejected,
// or whose listener ended or broke the protocol before it answered, returns to the
// head of the queue with its numbers unchanged. Queues survive an upgrade of the
// daemon, not a restart or crash.
//
// # Rejections
//
// A listener that rejects everything does not get events as fast as it can answer.
// After a few rejections in a row each next event is delayed. The delay doubles up to
// half a minute and ends with the first event that is accepted. The main log has a
// line for the first rejections, then for each tenfold number of them.
//
// # Result handlers
//
// supervisor_stdout:event_handler is built in: it writes the listener's result, which
// is the event itself, to the daemon's stdout, each line after the names of its
// process and channel.
//
// A child that breaks the protocol never gets an event again; its process stays
// RUNNING. A new child starts a new session.
package listener
