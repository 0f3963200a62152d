// Package wait waits until processes are RUNNING, ready, stopped or exited, as the method
// waitForProcess does.
//
// It starts and stops nothing and has no goroutines: For blocks the goroutine of the
// client. The owner of each process checks the condition after every step, so a state
// that lasts a moment only counts too.
//
// For goes by names. When another process takes the place of one, as in an update, or a
// group gets other processes, it waits for those.
package wait
