// Package namespec parses and joins the names by which processes and groups
// are addressed: "name", "group:name", "group:*".
package namespec
