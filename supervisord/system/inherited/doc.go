// Package inherited records what the process got from its parent before Go's standard library
// changed it.
//
// It has no goroutines. Package syscall raises the soft limit of open files when it is
// initialized, and does not export the old value. Supervisor compares the old value with
// minfds, logs whether it has raised the limit, and passes the result on to every child.
//
// The value is read while this package is initialized. Go initializes packages in the order of
// their import paths as soon as their imports are initialized (The Go Programming Language
// Specification, "Program initialization"). This one imports nothing, and "supervisor/…" sorts
// before "syscall". A test checks that.
package inherited
