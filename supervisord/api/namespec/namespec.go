package namespec

import "strings"

// Spec addresses one process, or the whole group when Process is empty.
type Spec struct {
	Group   string
	Process string
}

// Parse splits a name at its first colon. A name without one stands for the
// process of that name in the group of that name; "group:" and "group:*"
// stand for the whole group. Nothing is trimmed and nothing is refused.
func Parse(s string) Spec {
	group, process, ok := strings.Cut(s, ":")
	if !ok {
		return Spec{Group: s, Process: s}
	}
	if process == "*" {
		process = ""
	}
	return Spec{Group: group, Process: process}
}

// WholeGroup reports whether the spec addresses all processes of its group.
func (s Spec) WholeGroup() bool { return s.Process == "" }

// String joins the two as supervisorctl shows them: only the name if group and
// process have the same.
func (s Spec) String() string { return Join(s.Group, s.Process) }

// Join is Spec{group, process}.String without the struct.
func Join(group, process string) string {
	switch process {
	case group:
		return process
	case "":
		return group + ":*"
	}
	return group + ":" + process
}
