package config

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// The types of extensions. Their error texts say what is allowed.
var (
	readyType        = &option.Type{Name: "probe", Parse: option.Parser(readyProbe)}
	healthType       = &option.Type{Name: "probe", Parse: option.Parser(healthProbe)}
	probesType       = &option.Type{Name: "list of probes", Parse: option.Parser(waitForProbes)}
	dependenciesType = &option.Type{Name: "list of dependencies", Parse: option.Parser(dependencies)}
	exitOnType       = &option.Type{Name: "list of fatal, exit, failure, success", Parse: option.Parser(ParseExitOn)}
	exitStatusType   = &option.Type{Name: "number, first_failure, first or last", Parse: option.Parser(exitStatus)}
	stopSequenceType = &option.Type{Name: "list of signals and times", Parse: option.Parser(stopSequence)}
	envFilesType     = &option.Type{Name: "list of paths", Parse: option.HostParser(envFiles)}
	statePathType    = &option.Type{Name: "path", Parse: option.HostParser(statePath)}
	stopScopeType    = &option.Type{Name: "leader, group, tree or cgroup", Parse: option.Parser(stopScopes.parse)}
	leftoversType    = &option.Type{Name: "report, kill or ignore", Parse: option.Parser(leftoversWords.parse)}
	limitActionType  = &option.Type{Name: "fatal, stop_group or exit", Parse: option.Parser(limitActions.parse)}

	autoBooleanType = &option.Type{
		Name: "boolean or auto", Parse: option.Parser(autoBoolean),
		JSON: func(b any) any { return b == Yes },
	}
	orphanPolicyType = &option.Type{
		Name: "adopt, kill or leave", Parse: option.Parser(orphanPolicy),
		JSON: func(p any) any { return p.(OrphanPolicy).String() },
	}
	granularityType = &option.Type{
		Name: "group or process", Parse: option.Parser(granularities.parse),
		JSON: func(g any) any { return granularities.text(g.(Granularity)) },
	}

	// The field is the Health whose response this is.
	healthActionType = &option.Type{
		Name: "restart, none, stop, signal:NAME or exit", Parse: option.Parser(healthAction),
		Set: func(field, value any) {
			h, r := field.(*Health), value.(response)
			h.Action, h.Signal = r.action, r.signal
		},
	}
	// The field is the RestartPolicy that has this limit.
	restartLimitType = &option.Type{
		Name: "number/time", Parse: option.Parser(restartLimit),
		Set: func(field, value any) {
			p, r := field.(*RestartPolicy), value.(rate)
			p.Limit, p.Window = r.limit, r.window
		},
	}
)

// The words of the types that have only a few, in the order of their error texts.
var (
	stopScopes     = enum[StopScope]{{"leader", ScopeLeader}, {"group", ScopeGroup}, {"tree", ScopeTree}, {"cgroup", ScopeCgroup}}
	leftoversWords = enum[Leftovers]{{"report", LeftoversReport}, {"kill", LeftoversKill}, {"ignore", LeftoversIgnore}}
	limitActions   = enum[LimitAction]{{"fatal", LimitFatal}, {"stop_group", LimitStopGroup}, {"exit", LimitExit}}
	granularities  = enum[Granularity]{{"group", ByGroup}, {"process", ByProcess}}
	exitReasons    = enum[ExitOn]{{"fatal", OnFatal}, {"exit", OnExit}, {"failure", OnFailure}, {"success", OnSuccess}, {"all_exited", OnAllExited}}
	healthActions  = enum[HealthAction]{
		{"restart", HealthRestart}, {"none", HealthNone}, {"stop", HealthStop}, {"signal:NAME", HealthSignal}, {"exit", HealthExit},
	}
	exitStatusWords = enum[ExitStatusOf]{{"first_failure", StatusOfFirstFailure}, {"first", StatusOfFirst}, {"last", StatusOfLast}}
)

// ParseExitOn reads a list of ways to exit, as exit_on= has it.
func ParseExitOn(s string) (ExitOn, error) {
	var set ExitOn
	for part := range strings.SplitSeq(s, ",") {
		on, err := exitReasons.parse(python.Strip(part))
		if err != nil {
			return 0, err
		}
		set |= on
	}
	return set, nil
}

// response is what health_action= says.
type response struct {
	action HealthAction
	signal syscall.Signal // of HealthSignal
}

func healthAction(s string) (response, error) {
	kind, name, isSignal := strings.Cut(s, ":")
	if python.Lower(python.Strip(kind)) == "signal" && isSignal {
		sig, err := option.ParseSignal(name)
		return response{HealthSignal, sig}, err
	}
	action, err := healthActions.parse(s)
	if action == HealthSignal {
		err = errors.New("signal: is followed by the name of a signal, as in signal:USR1")
	}
	return response{action: action}, err
}

// rate is what restart_limit= says.
type rate struct {
	limit  int
	window time.Duration
}

func restartLimit(s string) (rate, error) {
	count, window, ok := strings.Cut(s, "/")
	n, err := option.ParseCount(count, 1)
	d, err2 := option.ParseDuration(window)
	if !ok || err != nil || err2 != nil || d <= 0 || d == option.Forever {
		return rate{}, fmt.Errorf("%s is not a number of restarts and a time, such as 5/10m", python.Repr(s))
	}
	return rate{n, d}, nil
}

// stopSequence reads "QUIT 20s, TERM 10s, KILL".
func stopSequence(s string) ([]StopStep, error) {
	var steps []StopStep
	parts := strings.Split(s, ",")
	for i, part := range parts {
		fields := strings.Fields(part)
		if len(fields) == 0 || len(fields) > 2 {
			return nil, fmt.Errorf("%s is not a list of signals and times, such as QUIT 20s, TERM 10s, KILL", python.Repr(s))
		}
		var step StopStep
		var err error
		if step.Signal, err = option.ParseSignal(fields[0]); err != nil {
			return nil, err
		}
		switch {
		case len(fields) == 2:
			step.Wait, err = option.ParseDuration(fields[1])
		case i < len(parts)-1:
			err = fmt.Errorf("%s has no time after it, as in %s 10s", fields[0], fields[0])
		}
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// exitStatus reads exit_code=: a number, or whose status it is.
func exitStatus(s string) (ExitStatus, error) {
	if n, ok := python.ParseInt(s, 10); ok && n >= 0 && n <= 255 {
		return ExitStatus{Fixed: int(n)}, nil
	}
	of, err := exitStatusWords.parse(s)
	if err != nil {
		err = fmt.Errorf("%s is neither a number from 0 to 255 nor first_failure, first or last", python.Repr(s))
	}
	return ExitStatus{Of: of}, err
}

// envFiles reads paths. A - before a path means that the file need not exist.
func envFiles(h *source.Host, s string) ([]EnvFile, error) {
	var files []EnvFile
	for part := range strings.SplitSeq(s, ",") {
		path, optional := strings.CutPrefix(python.Strip(part), "-")
		if path == "" {
			return nil, fmt.Errorf("%s is not a list of paths, each with a - before it if it need not exist", python.Repr(s))
		}
		files = append(files, EnvFile{h.Normalize(path), optional})
	}
	return files, nil
}

// enum lists the values of an option that has only a few, in the order in which
// error texts list them.
type enum[T comparable] []struct {
	word  string
	value T
}

// parse finds the value of a word, in upper or lower case.
func (w enum[T]) parse(s string) (value T, err error) {
	word := python.Lower(python.Strip(s))
	all := make([]string, len(w))
	for i, known := range w {
		if known.word == word {
			return known.value, nil
		}
		all[i] = known.word
	}
	return value, fmt.Errorf("%s is not %s%s", python.Repr(s), option.JoinOr(all), option.Suggest(word, all))
}

// text returns the word for a value, "" if there is none.
func (w enum[T]) text(value T) string {
	for _, known := range w {
		if known.value == value {
			return known.word
		}
	}
	return ""
}
