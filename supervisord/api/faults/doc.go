// Package faults holds the closed list of faults that callers of the daemon get. The
// daemon makes them, supervisorctl turns them into words.
//
// It has no state, and its errors are values that anyone may keep.
//
// Codes and names are Supervisor's and never change.
package faults
