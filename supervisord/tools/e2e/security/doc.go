// Package security tests users and privileges, limits on processes, passwords, and
// the pages of the HTTP server.
package security
