// Package session is one run of supervisorctl: it reads lines from the command
// line, a pipe or the interactive shell, finds the action of each, runs it and
// turns its error into a message and an exit status. It also holds the connection
// to supervisord, and asks for a password when the server wants one.
//
// A Session belongs to one goroutine. An action that follows something (tail -f,
// fg) may start goroutines, which write through Out and ErrOut, and waits for
// them before it returns. The first Ctrl-C ends the context of the action.
// Following an output then ends as if it were complete; any other action counts
// as interrupted, which also ends the shell.
//
// Actions return errors. Only report words an error that an action has no words
// of its own for. A later success never clears the exit status of an earlier
// error. Text from the daemon can't move the cursor of a terminal, except for
// logs, which are shown as they are.
package session
