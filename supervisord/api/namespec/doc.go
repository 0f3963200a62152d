// Package namespec parses and joins the names that address processes and groups:
// "name", "group:name", "group:*".
//
// It has no state.
//
// It refuses nothing: whether a name exists is known only to the one who looks it up.
package namespec
