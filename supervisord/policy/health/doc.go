// Package health finds out whether programs are ready and stay healthy: ready= and
// health=. It runs probes (package probe) and receives what programs report
// themselves, by sd_notify, by a line on a descriptor (package notify) or in their
// output. The process decides what readiness means for its state (process.Ready);
// this package decides what follows from failing health, as health_action says.
//
// Monitor.Run owns all state. It wakes up when a process changes, a message
// arrives, a probe ends or a timer fires. Each probe runs in a goroutine of its own
// with a time limit, at most one per process and purpose. What is decided is passed
// to the process by another goroutine, in order, because the owner of the process
// may be busy. A process without ready= and health= costs nothing; one that waits
// costs an entry in the heap of timers.
//
// When a child has ended, its probes are cancelled, and their results and late
// messages of its descendants are ignored. After an upgrade everything goes on,
// messages sent meanwhile included. After a crash of the daemon programs are
// probed anew; that they reported readiness is in the record of each process.
package health
