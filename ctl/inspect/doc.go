// Package inspect has the actions of supervisorctl that show something once: the
// status of processes and its causes, pids, health, dependencies, variables,
// sockets, and the configuration.
//
// The package owns nothing. An action makes its calls on the goroutine of its
// session, turns the answer into text or JSON, and returns.
//
// Columns keep Supervisor's widths, and grow only for names that are wider. The
// members of the JSON keep their names and meanings; members may be added. A name
// that fits nothing is reported, the others are shown all the same.
package inspect
