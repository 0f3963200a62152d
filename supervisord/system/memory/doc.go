// Package memory returns memory to the system after a burst of work: a round of
// starts, many restarts or many requests. What the garbage collector would keep for
// the next burst, and the pages of the binary that only a burst needs, are several
// times what an idle daemon uses.
//
// Releaser.Run is the only goroutine. The methods that report work may be called from
// anywhere and never block.
//
// While nothing happens there is no timer, and nothing is measured.
package memory
