package api

// Operation is the progress of a rolling restart, an update or a scale. Next is the number
// of the line to ask for next. Failed is set if any line has an error, even if the operation
// went on.
type Operation struct {
	Lines  []Progress `json:"lines"`
	Next   int        `json:"next"`
	Ended  bool       `json:"ended"`
	Failed bool       `json:"failed"`
}

// Progress is one line: what has been done to a process or group, or why that failed.
type Progress struct {
	Name  string `json:"name"`
	Done  string `json:"done"`
	Error string `json:"error"`
}

// String returns the line as supervisorctl prints it.
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
	// Whole is why a changed group is stopped, removed and added as a whole, "" if its
	// processes are updated one by one.
	Whole     string         `json:"whole"`
	Options   []OptionChange `json:"options"` // of the group itself
	Processes []ProcessPlan  `json:"processes"`
}

// ProcessPlan is what an update would do to a process. Effect is start, add (without
// starting it), stop, restart, or live for options that apply without a restart.
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
