package api

// Operation is how far a rolling restart, an update or a scale has come. Next is
// the number of the line to ask for next. It has failed if a line tells of an
// error, whether or not it went on.
type Operation struct {
	Lines  []Progress `json:"lines"`
	Next   int        `json:"next"`
	Ended  bool       `json:"ended"`
	Failed bool       `json:"failed"`
}

// Progress is one line: what has been done to a process or group, or why it
// could not be.
type Progress struct {
	Name  string `json:"name"`
	Done  string `json:"done"`
	Error string `json:"error"`
}

// String is how supervisorctl prints it.
func (p Progress) String() string {
	if p.Error != "" {
		return p.Name + ": ERROR (" + p.Error + ")"
	}
	return p.Name + ": " + p.Done
}

// GroupPlan is what an update would do to a group.
type GroupPlan struct {
	Group  string `json:"group"`
	Change string `json:"change"` // added, changed or removed
	// Whole says why all processes of a changed group are stopped and the group is
	// put in its place anew, "" if they are dealt with one by one.
	Whole     string         `json:"whole"`
	Options   []OptionChange `json:"options"` // of the group itself
	Processes []ProcessPlan  `json:"processes"`
}

// ProcessPlan is what an update would do to a process: start, stop, restart, or
// live for an option that is taken over while it runs.
type ProcessPlan struct {
	Name    string         `json:"name"`
	Effect  string         `json:"effect"`
	Options []OptionChange `json:"options"`
}

// OptionChange is an option with another value. Effect is restart or live.
type OptionChange struct {
	Option string `json:"option"`
	Old    string `json:"old"`
	New    string `json:"new"`
	Effect string `json:"effect"`
}
