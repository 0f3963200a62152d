package config

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/shlex"
	"supervisor/supervisord/config/source"
)

// The converters turn an option's text into its value. Their error texts are
// Supervisor's own, known to tools and users, whence the capital letters.

func integer(s string) (int, error) {
	n, ok := python.ParseInt(s, 10)
	if !ok {
		return 0, fmt.Errorf("invalid literal for int() with base 10: %s", python.Repr(s))
	}
	return int(n), nil
}

func octal(s string) (int, error) {
	n, ok := python.ParseInt(s, 8)
	if !ok {
		return 0, fmt.Errorf("%s can not be converted to an octal type", s)
	}
	return int(n), nil
}

func boolean(s string) (bool, error) {
	switch python.Lower(s) {
	case "yes", "true", "on", "1":
		return true, nil
	case "no", "false", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("not a valid boolean value: %s", python.Repr(s))
}

// byteSize reads a number of bytes with an optional KB, MB or GB.
func byteSize(s string) (int64, error) {
	number, factor := python.Lower(s), int64(1)
	for _, unit := range []struct {
		suffix string
		factor int64
	}{{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}} {
		if trimmed, ok := strings.CutSuffix(number, unit.suffix); ok {
			number, factor = trimmed, unit.factor
			break
		}
	}
	n, ok := python.ParseInt(number, 10)
	switch {
	case !ok:
		return 0, fmt.Errorf("invalid literal for int() with base 10: %s", python.Repr(number))
	case n > math.MaxInt64/factor:
		return math.MaxInt64, nil
	case n < math.MinInt64/factor:
		return math.MinInt64, nil
	}
	return n * factor, nil
}

// levels names the log levels.
var levels = []struct {
	name  string
	level LogLevel
}{
	{"critical", 50},
	{"error", 40},
	{"warn", 30},
	{"info", 20},
	{"debug", 10},
	{"trace", 5},
	{"blather", 3},
}

// String returns the name by which files and command lines call the level.
func (l LogLevel) String() string {
	for _, v := range levels {
		if v.level == l {
			return v.name
		}
	}
	return fmt.Sprintf("level %d", int(l))
}

func logLevel(s string) (LogLevel, error) {
	name := python.Lower(s)
	for _, v := range levels {
		if v.name == name {
			return v.level, nil
		}
	}
	return 0, fmt.Errorf("bad logging level name %s", python.Repr(s))
}

// stopSignal reads a number, or a name with or without SIG.
func stopSignal(s string) (syscall.Signal, error) {
	n, ok := python.ParseInt(s, 10)
	if !ok {
		sig, ok := signals.Number(strings.ToUpper(python.Strip(s)))
		if !ok {
			return 0, fmt.Errorf("value %s is not a valid signal name", python.Repr(s))
		}
		return sig, nil
	}
	if n <= math.MaxInt32 && signals.Valid(int(n)) {
		return syscall.Signal(n), nil
	}
	return 0, fmt.Errorf("value %s is not a valid signal number", python.Repr(s))
}

// ParseSignal reads a signal as stopsignal= and the signal commands take it: a
// number or a name, with or without SIG, in upper or lower case.
func ParseSignal(s string) (syscall.Signal, error) { return stopSignal(s) }

func exitCodes(s string) ([]int, error) {
	codes := []int{}
	if s == "" {
		return codes, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		n, ok := python.ParseInt(part, 10)
		if !ok || n < 0 || n > 255 {
			return nil, fmt.Errorf("not a valid list of exit codes: %s", python.Repr(s))
		}
		codes = append(codes, int(n))
	}
	return codes, nil
}

func autorestart(s string) (Autorestart, error) {
	word := python.Lower(s)
	if word == "unexpected" {
		return RestartUnexpected, nil
	}
	always, err := boolean(word)
	switch {
	case err != nil:
		return RestartNever, fmt.Errorf("invalid 'autorestart' value %s", python.Repr(word))
	case always:
		return RestartAlways, nil
	}
	return RestartNever, nil
}

func autoBoolean(s string) (AutoBool, error) {
	if python.Lower(s) == "auto" {
		return Auto, nil
	}
	yes, err := boolean(s)
	switch {
	case err != nil:
		return Auto, err
	case yes:
		return Yes, nil
	}
	return No, nil
}

// list splits at commas; a trailing comma gives an empty last item.
func list(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	items := strings.Split(s, ",")
	for i := range items {
		items[i] = python.Strip(items[i])
	}
	return items, nil
}

// name checks the name of a program, group or process. It must not contain
// what separates words in events, parts in URLs, or group and process.
func name(s string) (string, error) {
	n := python.Strip(s)
	if n == "" {
		return "", fmt.Errorf("Invalid name: %s because it is empty", python.Repr(s))
	}
	for _, c := range " :/" {
		if strings.ContainsRune(n, c) {
			return "", fmt.Errorf("Invalid name: %s because of character: %s", python.Repr(s), python.Repr(string(c)))
		}
	}
	return n, nil
}

// keyValues reads the list of environment=. The token that separates two pairs
// is not looked at. Of two values for one name the last one counts.
func keyValues(s string) (Environment, error) {
	tokens, err := shlex.Tokens(s)
	if err != nil {
		return nil, err
	}
	var env Environment
	for len(tokens) > 0 {
		if len(tokens) < 3 || tokens[1] != "=" {
			return nil, fmt.Errorf("Unexpected end of key/value pairs in value '%s'", s)
		}
		env = env.with(Variable{tokens[0], tokens[2]})
		tokens = tokens[min(4, len(tokens)):]
	}
	return env, nil
}

// address is what an [inet_http_server] listens on; host "" is every interface.
type address struct {
	host string
	port int
}

func inetAddress(s string) (address, error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		port, err := portNumber(s)
		if err != nil {
			return address{}, fmt.Errorf("not a valid port number: %s ", python.Repr(s))
		}
		return address{port: port}, nil
	}
	if i == len(s)-1 {
		return address{}, errors.New("no port number specified in ''")
	}
	port, err := portNumber(s[i+1:])
	host := python.Lower(s[:i])
	if host == "*" {
		host = ""
	}
	return address{host, port}, err
}

func portNumber(s string) (int, error) {
	n, err := integer(s)
	switch {
	case err != nil:
		return 0, err
	case n < 1:
		return 0, fmt.Errorf("%d is below lower bound (1)", n)
	case n > 0xffff:
		return 0, fmt.Errorf("%d is above upper bound (65535)", n)
	}
	return n, nil
}

func existingDirectory(h *source.Host, s string) (string, error) {
	dir := h.ExpandUser(s)
	if !h.DirExists(dir) {
		return "", fmt.Errorf("%s is not an existing directory", s)
	}
	return dir, nil
}

// existingDirpath wants the directory part of a path to exist, if it has one.
func existingDirpath(h *source.Host, s string) (string, error) {
	p := h.ExpandUser(s)
	if dir := python.Dirname(p); dir != "" && !h.DirExists(dir) {
		return "", fmt.Errorf("The directory named as part of the path %s does not exist", s)
	}
	return p, nil
}

// logTarget is what stdout_logfile= says.
type logTarget struct {
	file         string
	auto, syslog bool
}

func childLogfile(h *source.Host, s string) (logTarget, error) {
	switch python.Lower(s) {
	case "none", "off":
		return logTarget{}, nil
	case "auto":
		return logTarget{auto: true}, nil
	case "syslog":
		return logTarget{syslog: true}, nil
	}
	file, err := existingDirpath(h, s)
	return logTarget{file: file}, err
}

func userID(h *source.Host, s string) (int, error) {
	if n, ok := python.ParseInt(s, 10); ok {
		if _, ok := h.UserID(int(n)); !ok {
			return 0, fmt.Errorf("Invalid user id %s", s)
		}
		return int(n), nil
	}
	a, ok := h.User(s)
	if !ok {
		return 0, fmt.Errorf("Invalid user name %s", s)
	}
	return a.UID, nil
}

func groupID(h *source.Host, s string) (int, bool) {
	if n, ok := python.ParseInt(s, 10); ok {
		return int(n), h.GroupID(int(n))
	}
	return h.Group(s)
}

// owner is user:group; gid is -1 when only a user is given.
type owner struct{ uid, gid int }

// errOwner never reaches a user: chown= and socket_owner= have texts of their own.
var errOwner = errors.New("invalid user or group")

func userGroup(h *source.Host, s string) (owner, error) {
	user, group, both := strings.Cut(s, ":")
	uid, err := userID(h, user)
	if err != nil {
		return owner{}, errOwner
	}
	if !both {
		return owner{uid, -1}, nil
	}
	gid, ok := groupID(h, group)
	if !ok {
		return owner{}, errOwner
	}
	return owner{uid, gid}, nil
}

// statePath is "" for no state file.
func statePath(h *source.Host, s string) (string, error) {
	if python.Lower(s) == "none" {
		return "", nil
	}
	return existingDirpath(h, s)
}

func orphanPolicy(s string) (OrphanPolicy, error) {
	word := python.Lower(s)
	for p := AdoptOrphans; p <= LeaveOrphans; p++ {
		if p.String() == word {
			return p, nil
		}
	}
	return AdoptOrphans, fmt.Errorf("invalid orphan_policy value %s: adopt, kill or leave", python.Repr(s))
}
