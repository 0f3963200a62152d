// Package listener hands events to the programs of [eventlistener:x] sections.
//
// A [Pool] subscribes to the bus and keeps the events that wait in a bounded
// queue. Its members are the processes of the group; each talks with its pool
// over stdin and stdout: the child says READY, is given one event, answers
// RESULT, and says READY again. An event goes to one member of each pool that
// subscribed to it, the first one in the order of the configuration that is
// RUNNING and READY. Events leave the queue oldest first; with several members
// they are worked on in parallel.
//
// # The life of an event in a pool
//
// An accepted event is numbered and put at the end of the queue. In a full
// queue it takes the place of the oldest one, which is lost; the main log says
// so. An event that was rejected, or whose listener died or broke the protocol
// before it answered, goes back to the head of the queue of its own pool with
// its numbers unchanged. Queues don't survive a restart of the daemon.
//
// # Rejections
//
// A listener that rejects everything is not asked as fast as it can answer. After
// some rejections in a row each next event waits, for a time that doubles up to
// half a minute and is forgotten with the first event that is dealt with. The main
// log has a line for the first ones, then for each tenfold number of them.
//
// # Result handlers
//
// supervisor_stdout:event_handler is built in: what the listener answers, which is
// the event itself, is written to the daemon's stdout, each line behind the names
// of its process and channel.
//
// A child that says something that it should not is never given an event
// again; its process stays RUNNING. A new child starts with a clean slate.
//
// # Who does what
//
// The package has no goroutine but for a moment at the end of a pause after
// rejections. A pool is a mutex over its queue and its
// members, and whoever brings the news does the work: the publisher of an
// event, the pump that reads a listener's stdout, the owner of a listener's
// process. A goroutine of its own would need an inbox, which would have to be
// bounded just like the queue that it feeds, by the same rules; and a mutex is
// enough because nothing under it waits: writing to a child takes what the pipe
// takes and queues the rest. Nothing under it calls the bus or a process
// either. Lines of the main log are written under it, so that they tell
// what happened in the order in which it did.
package listener
