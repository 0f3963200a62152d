// Package lifecycle tests the life of programs: dependencies, hooks, readiness and
// health, stop scopes, and when the daemon ends because a program has ended.
package lifecycle
