package clientlogs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/report"
)

// Logs are the log files of one daemon.
type Logs struct {
	// Find returns the process of a name, or a fault.
	Find func(name string) (*process.Process, error)
	// All returns all processes, in the order of their priorities.
	All  func() []*process.Process
	Main *logs.Main
	Log  *slog.Logger
}

// ReadMainLog returns a part of the main log: see logs.Read for offset and length.
func (l *Logs) ReadMainLog(offset, length int64) (logs.Excerpt, error) {
	return read(l.Main.Path(), offset, length)
}

// ClearMainLog empties the main log.
func (l *Logs) ClearMainLog() error {
	switch err := l.Main.Clear(); {
	case errors.Is(err, fs.ErrNotExist):
		return faults.Bare(faults.NoFile)
	case err != nil:
		return faults.New(faults.Failed, err.Error())
	}
	return nil
}

// ReadLog returns a part of a log of a process.
func (l *Logs) ReadLog(name, channel string, offset, length int64) (logs.Excerpt, error) {
	p, err := l.Find(name)
	if err != nil {
		return logs.Excerpt{}, err
	}
	return read(p.Stream(channel).Path(), offset, length)
}

func read(path string, offset, length int64) (logs.Excerpt, error) {
	if path == "" {
		return logs.Excerpt{}, faults.Bare(faults.NoFile)
	}
	text, err := logs.ReadExcerpt(path, offset, length)
	switch {
	case errors.Is(err, logs.ErrBadArguments):
		err = faults.Bare(faults.BadArguments)
	case errors.Is(err, fs.ErrNotExist):
		err = faults.New(faults.NoFile, path)
	case err != nil:
		err = faults.Bare(faults.Failed)
	}
	return text, err
}

// TailLog returns what was appended to a log of a process after offset: see logs.Tail.
func (l *Logs) TailLog(name, channel string, offset, length int64) (text logs.Excerpt, newOffset int64, overflow bool, err error) {
	p, err := l.Find(name)
	if err != nil {
		return logs.Excerpt{}, 0, false, err
	}
	text, newOffset, overflow = logs.TailExcerpt(p.Stream(channel).Path(), offset, length)
	return text, newOffset, overflow, nil
}

// ClearLogs empties the logs of a process.
func (l *Logs) ClearLogs(_ context.Context, name string) error {
	p, err := l.Find(name)
	if err != nil {
		return err
	}
	if p.ClearLogs() != nil {
		return faults.New(faults.Failed, name)
	}
	return nil
}

// ClearAllLogs empties the logs of all processes, in the order of their priorities.
func (l *Logs) ClearAllLogs(ctx context.Context) ([]api.CallResult, error) {
	var results []api.CallResult
	for _, p := range l.All() {
		results = append(results, report.Result(p, l.ClearLogs(ctx, p.FullName())))
	}
	return results, nil
}

// Reopen opens all logs again, after somebody has renamed the files.
func (l *Logs) Reopen() {
	l.Log.Info("supervisord logreopen") // the last line of the old file
	if err := l.Main.Reopen(); err != nil {
		l.Log.Error("reopen the main log: " + err.Error())
	}
	for _, p := range l.All() {
		if err := p.ReopenLogs(); err != nil {
			l.Log.Error("reopen the logs of " + p.Config.Name + ": " + err.Error())
		}
	}
}

// FollowLog writes the end of a log of a process, and then what is added to it, until ctx
// ends or a write fails. It writes to what begin returns, which gets the time of the last
// change of the log. If there is no such process or log it fails with a fault and does not
// call begin.
func (l *Logs) FollowLog(ctx context.Context, name, channel string, begin func(modified time.Time) io.Writer) error {
	p, err := l.Find(name)
	if err != nil {
		return err
	}
	stream := p.Stream(channel)
	return follow(ctx, stream.Path(), stream.Changed, begin)
}

// LogFile returns the path of a log and what returns a channel that is closed with its
// next change. The channel is "stdout" or "stderr" of a process, or "daemon" for the
// main log. The error is BAD_NAME, or NO_FILE if there is no log file.
func (l *Logs) LogFile(name, channel string) (path string, changed func() <-chan struct{}, err error) {
	if channel == "daemon" {
		path, changed = l.Main.Path(), l.Main.Changed
	} else {
		p, err := l.Find(name)
		if err != nil {
			return "", nil, err
		}
		stream := p.Stream(channel)
		path, changed = stream.Path(), stream.Changed
	}
	if path == "" || path == logs.Syslog {
		return "", nil, faults.Bare(faults.NoFile)
	}
	return path, changed, nil
}

// FollowMainLog is FollowLog for the main log.
func (l *Logs) FollowMainLog(ctx context.Context, begin func(modified time.Time) io.Writer) error {
	return follow(ctx, l.Main.Path(), l.Main.Changed, begin)
}

func follow(ctx context.Context, path string, changed func() <-chan struct{}, begin func(time.Time) io.Writer) error {
	info, err := os.Stat(path)
	if err != nil {
		return faults.New(faults.NoFile, path)
	}
	return logs.Follow(ctx, path, changed, begin(info.ModTime()))
}
