// Package timestamp finds the time at the beginning of a line of a log. It has no state.
package timestamp
