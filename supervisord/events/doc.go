// Package events names the events of Supervisor, renders their payloads and
// carries them to whoever subscribed.
//
// Publish calls the subscribers one after the other, in the order in which
// they subscribed, and holds no lock of the bus over their work except the one
// that orders events: all subscribers see all events of their types in one
// and the same order, the order of their serials. A subscriber must therefore
// not block; a listener pool appends to its own bounded queue.
//
// An event gets a serial only if somebody takes it. Serials start at 0 and are
// never reset while the daemon lives.
package events
