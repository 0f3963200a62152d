// Package names selects processes by what people type: a name, a group, a pattern
// with wildcards, a regular expression between slashes.
//
// It owns nothing and calls nothing: the caller has the list of processes. A name that
// is one is always taken literally, whatever characters it has; only what names nothing
// is tried as a pattern.
package names
