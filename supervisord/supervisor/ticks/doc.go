// Package ticks publishes the events TICK_5, TICK_60 and TICK_3600.
//
// It has no goroutine and no timer: its owner, supervisor.Run, calls Publish with the
// time, and again after the delay that Publish returns. A Ticks must only be used by one
// goroutine.
//
// A tick is published when the multiple of its period is another one than at the last
// call; those in between are not made up for. Nothing is published without a subscriber.
package ticks
