package rolling

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
)

// Ask is what somebody wants of a rolling restart. Its zero value leaves all to
// the configuration of each program.
type Ask struct {
	Batch   config.Share   // zero for rolling_batch
	Surge   *int           // nil for rolling_surge
	Pause   *time.Duration // nil for rolling_pause
	Timeout time.Duration  // for a process to stop and to be RUNNING again, 0 for none
	GoOn    bool           // after a failure
}

// ParseAsk reads options as supervisorctl sends them: batch (1 or 25%), surge,
// pause and timeout (with units), abort (true or false). One that can't be used is
// INCORRECT_PARAMETERS.
func ParseAsk(options map[string]string) (Ask, error) {
	var ask Ask
	for _, name := range slices.Sorted(maps.Keys(options)) { // of several that are wrong the first is told
		text := options[name]
		var err error
		switch name {
		case "batch":
			ask.Batch, err = config.ParseShare(text)
		case "surge":
			ask.Surge = new(int)
			if *ask.Surge, err = strconv.Atoi(text); err != nil || *ask.Surge < 0 || *ask.Surge > most {
				err = fmt.Errorf("%q is no number of processes", text)
			}
		case "pause":
			ask.Pause = new(time.Duration)
			*ask.Pause, err = config.ParseDuration(text)
		case "timeout":
			ask.Timeout, err = config.ParseDuration(text)
			if ask.Timeout == config.Forever {
				ask.Timeout = 0
			}
		case "abort":
			var abort bool
			if abort, err = strconv.ParseBool(text); err != nil {
				err = fmt.Errorf("%q is neither true nor false", text)
			}
			ask.GoOn = !abort
		default:
			err = fmt.Errorf("there is no such option")
		}
		if err != nil {
			return ask, faults.New(faults.IncorrectParameters, fmt.Sprintf("%s: %v", name, err))
		}
	}
	return ask, nil
}
