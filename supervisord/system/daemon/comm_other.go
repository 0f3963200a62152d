//go:build !linux

package daemon

// Comm returns "": the kernel does not tell how it names a process.
func Comm() string { return "" }

// SetComm does nothing: a process keeps its name here.
func SetComm(string) {}
