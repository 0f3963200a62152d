// Package faults tests the daemon when a resource is used up or misbehaves: a full
// disk, no descriptors, slow clients, a pipe without a reader, a stopped process,
// a thousand programs.
package faults
