// Program scribe is the scribe as a program of its own, which is small enough
// to run a thousand times.
package main
