// Package hook runs a command of the user beside the child of a program: a hook, or
// the check and the command of a reload.
//
// Each Command has one goroutine of its caller, which calls Wait. It ends the
// command when its time is up or it is cancelled.
//
// A command is always ended with its whole process group. If it survives even
// SIGKILL it is left behind: nothing waits for it any longer.
package hook
