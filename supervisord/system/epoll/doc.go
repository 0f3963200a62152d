// Package epoll waits for many descriptors in one goroutine.
//
// A Poller belongs to its caller, who runs Run in one goroutine. The other methods may be
// called from anywhere. Run calls the handlers one after the other.
//
// A descriptor that is waited for costs no goroutine and no stack. A handler hears of its
// own descriptor only: events that were under way when the descriptor was removed are
// dropped, even if another descriptor has got its number. On systems without epoll the
// runtime's poller does the waiting, with one goroutine for each descriptor.
package epoll
