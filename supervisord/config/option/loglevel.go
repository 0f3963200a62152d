package option

import (
	"fmt"

	"supervisor/supervisord/config/python"
)

// LogLevel is one of Supervisor's levels: critical 50, error 40, warn 30,
// info 20, debug 10, trace 5, blather 3.
type LogLevel int

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

// Level is the type of options that name a log level.
var Level = &Type{Name: "log level", Parse: Parser(logLevel), JSON: func(l any) any { return l.(LogLevel).String() }}
