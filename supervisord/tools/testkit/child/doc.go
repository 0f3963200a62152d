// Child is a program with knobs for tests to supervise: small, and quick to start.
// Only tests run it.
package main
