// Package supervisord is Main: it makes the parts of the daemon and connects them. It
// decides nothing but the order in which things happen at a start and at an end.
//
// Main reads the command line. runDaemon (daemon.go) is the daemon. It lives as long as
// the process and runs the daemon again after each restart; a daemonRun lasts from the
// reading of a configuration to the end of the last program. The supervision of a run
// (supervision.go) owns its goroutines, and waits for them. The event bus, the spawner
// that reaps children, the main log's handler and pending signals outlive a run.
//
// Once programs may have been started only a shutdown, a failed setting up of the RPC
// interfaces or the failure to go into the background ends the daemon. If an upgrade
// fails, the daemon goes on with everything it would have handed over.
package supervisord
