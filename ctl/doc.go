// Package ctl is supervisorctl: it reads a line such as "restart web:*", asks
// a supervisord for it over XML-RPC and says in Supervisor's words what came
// of it. The same lines are taken from the command line, from a pipe and from
// the interactive shell.
//
// The table of actions (action.go) is the heart: a row says what an action is
// called, what its help is, which flags it has, which arguments it insists on,
// whether it asks first if the server is up, and which function does it. Flags
// are read in one place (flags.go), before anything is sent. The functions lie
// in one file a family. They return errors; only [session.report] turns an error
// into a message and an exit status, and only [verb] knows what a result code
// is called.
//
// A session belongs to one goroutine. Actions that follow something (tail -f,
// maintail -f, fg) start goroutines and wait for them before they return.
// The first Ctrl-C ends the action that is under way: what follows output then
// returns as if done, everything else counts as interrupted, which also ends
// the shell.
package ctl
