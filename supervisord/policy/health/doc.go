// Package health finds out whether programs are ready, and whether they go on
// to be well: ready= and health=.
//
// Most is found out by asking (package probe), the rest is told by the programs
// themselves: by sd_notify or a newline on a descriptor (package notify), or by
// what they write. What follows from it for a process's state is the process's
// own business (process.Ready); what follows from illness is decided here, as
// health_action says.
//
// Monitor.Run owns all there is to know. It wakes up when a process changes, when
// a program says something, when an answer comes and when it is time to ask. A
// question is asked by a goroutine of its own, one at a time for each process and
// purpose, and has a time limit, so that nobody waits for anybody else's answer.
// What is decided is told to a process by another goroutine, in order, as its owner
// may be busy. Processes that are to be neither ready nor healthy cost nothing,
// those that are silent no more than a place in a list.
//
// When a child has ended nothing about it counts any more: questions under way are
// given up, answers and messages of its family are ignored.
//
// After an upgrade everything goes on, messages sent meanwhile included. After a
// crash programs are asked anew, and what they said of themselves when they became
// ready is remembered in the processes' own records.
package health
