// Package password compares the password of a client with that of the configuration:
// clear text, {SHA} and its SHA-1, or {bcrypt} and a hash as htpasswd makes it.
//
// It has no state. All goroutines may use a Secret.
//
// The time of a comparison reveals nothing about the password. That of a bcrypt hash
// is long on purpose: the caller must limit how many run at once.
package password
