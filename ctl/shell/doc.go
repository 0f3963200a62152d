// Package shell reads lines from a person or a pipe. On a terminal it offers
// line editing, a history that outlives the session, and completion; anything
// else is read plainly, with the prompts written to the output all the same.
//
// A Shell is used by one goroutine at a time. Reading ends when its context
// does, and what was not read by then is left for the next call; only under
// line editing may a goroutine stay behind that waits for a key, which is why
// a session should end soon after that. The terminal is in its ordinary mode
// whenever no Prompt is under way.
package shell
