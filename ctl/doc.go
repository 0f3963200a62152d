// Package ctl is supervisorctl: it reads a line such as "restart web:*", calls
// supervisord over XML-RPC and prints the result in Supervisor's words. The lines
// come from the command line, from a pipe or from the interactive shell.
//
// This package has the options of the command line and puts the others together.
// action describes actions and parses lines; session runs them and holds the
// connection; control, inspect and follow have the actions; shell edits lines. A
// session belongs to one goroutine, that of Main.
//
// Output, messages and exit statuses are Supervisor's wherever it has the action.
// A flag that an action does not have is refused before anything is sent.
package ctl
