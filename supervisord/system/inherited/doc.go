// Package inherited remembers what the process was given by its parent, before
// Go's standard library changed it.
//
// Package syscall raises the soft limit of open files when it is initialized
// and keeps the old value to itself. Supervisor compares that old value with
// minfds and says in its log whether it raised the limit, and every child
// sees the outcome, so it must be known.
//
// The value is read while this package is initialized. Go initializes packages
// in the order of their import paths as soon as what they import is ready (The
// Go Programming Language Specification, "Program initialization"); this one
// imports nothing and "supervisor/…" comes before "syscall". A test makes sure.
package inherited
