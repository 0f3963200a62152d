package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// The converters of options that Supervisor doesn't know. Their error texts say
// what is allowed.

// enum are the values of an option that has but a few, in the order in which
// they are explained.
type enum[T any] []struct {
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
	return value, fmt.Errorf("%s is not %s%s", python.Repr(s), joinOr(all), suggest(word, all))
}

// joinOr lists words: "a, b or c".
func joinOr(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

func stopScope(s string) (StopScope, error) {
	return enum[StopScope]{
		{"leader", ScopeLeader}, {"group", ScopeGroup}, {"tree", ScopeTree}, {"cgroup", ScopeCgroup},
	}.parse(s)
}

func leftovers(s string) (Leftovers, error) {
	return enum[Leftovers]{{"report", LeftoversReport}, {"kill", LeftoversKill}, {"ignore", LeftoversIgnore}}.parse(s)
}

func limitAction(s string) (LimitAction, error) {
	return enum[LimitAction]{{"fatal", LimitFatal}, {"stop_group", LimitStopGroup}, {"exit", LimitExit}}.parse(s)
}

func granularity(s string) (Granularity, error) {
	return enum[Granularity]{{"group", ByGroup}, {"process", ByProcess}}.parse(s)
}

// exitOn reads a list of ways to end.
func exitOn(s string) (ExitOn, error) {
	known := enum[ExitOn]{
		{"fatal", OnFatal}, {"exit", OnExit}, {"failure", OnFailure}, {"success", OnSuccess}, {"all_exited", OnAllExited},
	}
	var set ExitOn
	for part := range strings.SplitSeq(s, ",") {
		on, err := known.parse(python.Strip(part))
		if err != nil {
			return 0, err
		}
		set |= on
	}
	return set, nil
}

// healthActionSpec is what health_action= says.
type healthActionSpec struct {
	action HealthAction
	signal string
}

func healthAction(s string) (healthActionSpec, error) {
	kind, name, isSignal := strings.Cut(s, ":")
	if python.Lower(python.Strip(kind)) == "signal" && isSignal {
		_, err := stopSignal(name)
		return healthActionSpec{HealthSignal, name}, err
	}
	action, err := enum[HealthAction]{
		{"restart", HealthRestart}, {"none", HealthNone}, {"stop", HealthStop}, {"signal:NAME", HealthSignal}, {"exit", HealthExit},
	}.parse(s)
	if action == HealthSignal {
		err = errors.New("signal: is followed by the name of a signal, as in signal:USR1")
	}
	return healthActionSpec{action: action}, err
}

// Forever is a time without end.
const Forever = time.Duration(math.MaxInt64)

// duration reads seconds, or numbers with the units ms, s, m, h and d, one after
// the other. infinity is Forever.
func duration(s string) (time.Duration, error) {
	text := python.Lower(python.Strip(s))
	switch text {
	case "infinity", "infinite", "forever":
		return Forever, nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return inRange(s, seconds*float64(time.Second))
	}
	if days, rest, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil {
			return 0, invalidDuration(s)
		}
		d := time.Duration(0)
		if rest != "" {
			if d, err = time.ParseDuration(rest); err != nil {
				return 0, invalidDuration(s)
			}
		}
		return inRange(s, n*24*float64(time.Hour)+float64(d))
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, invalidDuration(s)
	}
	return inRange(s, float64(d))
}

func inRange(s string, d float64) (time.Duration, error) {
	if d >= 0 && d < float64(math.MaxInt64) {
		return time.Duration(d), nil
	}
	return 0, invalidDuration(s)
}

func invalidDuration(s string) error {
	return fmt.Errorf("%s is not a time such as 30, 500ms, 10s, 5m, 1h30m, 2d or infinity", python.Repr(s))
}

// atLeastOne reads a number of things.
func atLeastOne(s string) (int, error) { return wholeNumber(s, 1) }

// natural reads a number of things that may be none.
func natural(s string) (int, error) { return wholeNumber(s, 0) }

func wholeNumber(s string, least int) (int, error) {
	n, ok := python.ParseInt(s, 10)
	if !ok || n < int64(least) || n > math.MaxInt32 {
		return 0, fmt.Errorf("%s is not a whole number from %d on", python.Repr(s), least)
	}
	return int(n), nil
}

// backoffFactor reads a factor.
func backoffFactor(s string) (float64, error) {
	f, err := strconv.ParseFloat(python.Strip(s), 64)
	if err != nil || !(f >= 1 && f <= 1000) {
		return 0, fmt.Errorf("%s is not a factor from 1 to 1000", python.Repr(s))
	}
	return f, nil
}

// fraction reads a share, as 0.2 or 20%.
func fraction(s string) (float64, error) {
	text, percent := strings.CutSuffix(python.Strip(s), "%")
	f, err := strconv.ParseFloat(text, 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f >= 0 && f <= 1) {
		return 0, fmt.Errorf("%s is not a share from 0 to 1, or from 0%% to 100%%", python.Repr(s))
	}
	return f, nil
}

// share reads a number of processes or a percentage of them.
func share(s string) (Share, error) {
	text, percent := strings.CutSuffix(python.Strip(s), "%")
	n, err := wholeNumber(text, 1)
	if err != nil || percent && n > 100 {
		return Share{}, fmt.Errorf("%s is neither a number from 1 on nor a percentage from 1%% to 100%%", python.Repr(s))
	}
	return Share{n, percent}, nil
}

// ParseShare reads a number of processes or a percentage of them, as
// rolling_batch= does.
func ParseShare(s string) (Share, error) { return share(s) }

// ParseDuration reads a time as the options do: seconds, or numbers with units.
// Forever stands for infinity.
func ParseDuration(s string) (time.Duration, error) { return duration(s) }

// FormatDuration writes a time as one would in a file, without the units that are
// 0: 10m, not 10m0s.
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// rate is what restart_limit= says.
type rate struct {
	limit  int
	window time.Duration
}

func restartLimit(s string) (rate, error) {
	count, window, ok := strings.Cut(s, "/")
	n, err := wholeNumber(count, 1)
	d, err2 := duration(window)
	if !ok || err != nil || err2 != nil || d <= 0 || d == Forever {
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
		if step.Signal, err = stopSignal(fields[0]); err != nil {
			return nil, err
		}
		switch {
		case len(fields) == 2:
			step.Wait, err = duration(fields[1])
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

// exitStatus is what exit_code= says: a number, or whose.
func exitStatus(s string) (ExitStatus, error) {
	if n, ok := python.ParseInt(s, 10); ok && n >= 0 && n <= 255 {
		return ExitStatus{Fixed: int(n)}, nil
	}
	of, err := enum[ExitStatusOf]{{"first_failure", StatusOfFirstFailure}, {"first", StatusOfFirst}, {"last", StatusOfLast}}.parse(s)
	if err != nil {
		err = fmt.Errorf("%s is neither a number from 0 to 255 nor first_failure, first or last", python.Repr(s))
	}
	return ExitStatus{Of: of}, err
}

// envFiles reads paths, each with a - before it if it need not exist.
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

// distinctNames lists words separated by commas, each once.
func distinctNames(s string) ([]string, error) {
	items, _ := list(s)
	for i, item := range items {
		if item == "" || slices.Contains(items[:i], item) {
			return nil, fmt.Errorf("%s is not a list of different names, separated by commas", python.Repr(s))
		}
	}
	return items, nil
}
