// Package shell reads lines from a person or a pipe. On a terminal it offers line
// editing, completion, and a history that is kept between sessions. From anything
// else it reads plain lines, and still writes its prompts to the output.
//
// A Shell is used by one goroutine at a time. Under line editing it starts a
// goroutine for each prompt, since the editor can't be interrupted: if the context
// ends first, that goroutine stays behind until a key is pressed, so the session
// should end soon.
//
// Reading ends when its context ends; input that was not read is left for the
// next call. The terminal is in its normal mode whenever no Prompt is running.
package shell
