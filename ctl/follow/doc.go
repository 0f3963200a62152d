// Package follow has the actions of supervisorctl that show what is written, once
// or until Ctrl-C: the logs of processes and of supervisord, and a process in the
// foreground.
//
// tail -f and maintail -f copy a stream on the goroutine of the session. fg starts
// four goroutines: two copy the logs, one sends the lines that are typed, and one
// watches whether the process still runs. It waits for all of them before it
// returns.
//
// What processes write is shown byte for byte, also on a terminal, as tail(1)
// does. Ctrl-C is the usual way to end these actions and no failure.
package follow
