// Package upgrade tests the replacement of a running daemon by another binary, and
// what cancels it.
package upgrade
