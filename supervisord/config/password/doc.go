// Package password compares what a client gives for a password with what the
// configuration says it is: clear text, {SHA} and its SHA-1, or {bcrypt} and a
// hash as htpasswd and others make it.
//
// A comparison takes a time that tells nothing of the password. That of a
// bcrypt hash takes long, and is meant to: whoever calls must bound how many
// are made.
package password
