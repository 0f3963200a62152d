// Package printable makes untrusted text safe to show on a terminal: names, requests
// and error texts that may hold escape sequences. It has no state.
package printable
