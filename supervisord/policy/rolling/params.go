package rolling

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config/option"
)

// Params are the parameters of a rolling restart. The zero value means those that each
// program's configuration has.
type Params struct {
	Batch           option.Share   // zero means rolling_batch
	Surge           *int           // nil means rolling_surge
	Pause           *time.Duration // nil means rolling_pause
	Timeout         time.Duration  // for a process to stop and be RUNNING again, 0 for none
	ContinueOnError bool           // after a failure
}

// ParseParams parses options as supervisorctl sends them: batch (1 or 25%), surge,
// pause and timeout (with units), abort (true or false). The error is
// INCORRECT_PARAMETERS.
func ParseParams(options map[string]string) (Params, error) {
	var params Params
	for _, name := range slices.Sorted(maps.Keys(options)) { // so that the same error is reported each time
		text := options[name]
		var err error
		switch name {
		case "batch":
			params.Batch, err = option.ParseShare(text)
		case "surge":
			params.Surge = new(int)
			if *params.Surge, err = strconv.Atoi(text); err != nil || *params.Surge < 0 || *params.Surge > maxProcesses {
				err = fmt.Errorf("%q is no number of processes", text)
			}
		case "pause":
			params.Pause = new(time.Duration)
			*params.Pause, err = option.ParseDuration(text)
		case "timeout":
			params.Timeout, err = option.ParseDuration(text)
			if params.Timeout == option.Forever {
				params.Timeout = 0
			}
		case "abort":
			var abort bool
			if abort, err = strconv.ParseBool(text); err != nil {
				err = fmt.Errorf("%q is neither true nor false", text)
			}
			params.ContinueOnError = !abort
		default:
			err = fmt.Errorf("there is no such option")
		}
		if err != nil {
			return params, faults.New(faults.IncorrectParameters, fmt.Sprintf("%s: %v", name, err))
		}
	}
	return params, nil
}
