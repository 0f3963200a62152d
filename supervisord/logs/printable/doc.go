// Package printable makes text of strangers fit for a terminal: names, requests
// and error texts that may hold escape sequences.
package printable
