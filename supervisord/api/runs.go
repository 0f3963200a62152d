package api

// ProcessRuns is what getAllProcessRuns returns about one process.
type ProcessRuns struct {
	Name     string `json:"name"`
	Group    string `json:"group"`
	Restarts int    `json:"restarts"` // within the last hour, without a request
	Runs     []Run  `json:"runs"`     // the last ones that have ended, oldest first
}

// Run is one run of a program, from a start to the exit of the child, or a start that
// failed. Times are seconds since the epoch.
type Run struct {
	PID        int      `json:"pid"` // 0 if there was no child
	Start      float64  `json:"start"`
	Stop       float64  `json:"stop"`
	ExitStatus int      `json:"exitstatus"` // -1 after a signal
	Signal     string   `json:"signal"`     // as SIGKILL, "" for none
	Core       bool     `json:"core"`       // the child dumped core
	Expected   bool     `json:"expected"`
	SpawnErr   string   `json:"spawnerr"`
	Summary    string   `json:"summary"`    // how it ended, in words
	StartedBy  string   `json:"started_by"` // why it started, in words
	StoppedBy  string   `json:"stopped_by"` // who stopped it, "" if it ended by itself
	MaxRSS     float64  `json:"maxrss"`     // largest resident set, in bytes; 0 if unknown
	CPU        float64  `json:"cpu"`        // seconds of user and system time
	Output     []string `json:"output"`     // the last lines that it wrote, as far as the logs have them
}
