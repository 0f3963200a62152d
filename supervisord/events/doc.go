// Package events defines the types of Supervisor's events, renders their payloads
// and delivers them to subscribers.
//
// It has no goroutine. Bus.Publish calls the subscribers one after the other, in
// the order in which they subscribed, under the lock that orders events. A
// subscriber must therefore not block and must not call the bus; a listener pool
// appends to its own bounded queue.
//
// All subscribers see all events of their types in the same order, the order of
// the serials. An event gets a serial only if a subscriber takes it. Serials start
// at 0, and continue over reloads and upgrades.
package events
