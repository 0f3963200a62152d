// Package starts makes the starts that are not made at once: those of processes that
// start by themselves, one after the other, and those that wait for dependencies
// (depends_on=) and for things outside (wait_for=).
//
// The goroutine of supervisor.Run owns a Starts and calls its methods, except where a
// method says otherwise. Package order decides; this package acts. Three kinds of
// goroutines are its own: the probes of things outside, and the waits for starts that
// clients have requested, both of which end with the context of Run. Changes of status
// arrive from the owners of the processes; they only set a mark and wake Run.
//
// Automatic starts are made in the order of priorities, each as soon as the one before it
// has spawned its child; nothing waits until a program is RUNNING. A start that has to
// wait lets the others pass. Each change of a status makes Check look at all deferred
// starts, in the order of priorities. What a start waits for is in the status of the
// process, so it outlasts the daemon; how long it has waited does not.
package starts
