package logs

import "log/slog"

// The levels of the main log. Supervisor's are coarser at the top and finer at
// the bottom than those of slog.
const (
	LevelCritical slog.Level = 12
	LevelError               = slog.LevelError
	LevelWarn                = slog.LevelWarn
	LevelInfo                = slog.LevelInfo
	LevelDebug               = slog.LevelDebug
	LevelTrace    slog.Level = -8
	LevelBlather  slog.Level = -12
)

// levels pairs every level with Supervisor's number for it and the word in a
// log line, highest first.
var levels = [...]struct {
	level  slog.Level
	number int
	word   string
}{
	{LevelCritical, 50, "CRIT"},
	{LevelError, 40, "ERRO"},
	{LevelWarn, 30, "WARN"},
	{LevelInfo, 20, "INFO"},
	{LevelDebug, 10, "DEBG"},
	{LevelTrace, 5, "TRAC"},
	{LevelBlather, 3, "BLAT"},
}

// LevelFromSupervisor returns the level for one of Supervisor's numbers: 50
// critical, 40 error, 30 warn, 20 info, 10 debug, 5 trace, 3 blather. A number
// in between counts as the next lower one, as it does for Supervisor when it
// decides what to write.
func LevelFromSupervisor(n int) slog.Level {
	for _, l := range levels {
		if n >= l.number {
			return l.level
		}
	}
	return LevelBlather
}

// levelWord is the word for a level in a log line.
func levelWord(level slog.Level) string {
	for _, l := range levels {
		if level >= l.level {
			return l.word
		}
	}
	return levels[len(levels)-1].word
}
