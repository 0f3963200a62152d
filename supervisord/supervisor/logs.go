package supervisor

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/supervisor/report"
)

// ReadMainLog returns a part of the main log: see logs.Read for what offset
// and length mean.
func (s *Supervisor) ReadMainLog(offset, length int64) (logs.Excerpt, error) {
	return readLog(s.opts.Main.Path(), offset, length)
}

// ClearMainLog empties the main log.
func (s *Supervisor) ClearMainLog() error {
	switch err := s.opts.Main.Clear(); {
	case errors.Is(err, fs.ErrNotExist):
		return faults.Bare(faults.NoFile)
	case err != nil:
		return faults.New(faults.Failed, err.Error())
	}
	return nil
}

// ReadLog returns a part of a process's log.
func (s *Supervisor) ReadLog(name, channel string, offset, length int64) (logs.Excerpt, error) {
	p, err := s.single(name)
	if err != nil {
		return logs.Excerpt{}, err
	}
	return readLog(p.Stream(channel).Path(), offset, length)
}

func readLog(path string, offset, length int64) (logs.Excerpt, error) {
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

// TailLog returns what was appended to a process's log after offset: see
// logs.Tail.
func (s *Supervisor) TailLog(name, channel string, offset, length int64) (text logs.Excerpt, newOffset int64, overflow bool, err error) {
	p, err := s.single(name)
	if err != nil {
		return logs.Excerpt{}, 0, false, err
	}
	text, newOffset, overflow = logs.TailExcerpt(p.Stream(channel).Path(), offset, length)
	return text, newOffset, overflow, nil
}

// ClearLogs empties the logs of a process.
func (s *Supervisor) ClearLogs(_ context.Context, name string) error {
	p, err := s.single(name)
	if err != nil {
		return err
	}
	if p.ClearLogs() != nil {
		return faults.New(faults.Failed, name)
	}
	return nil
}

// ClearAllLogs empties the logs of all processes, in order of priority.
func (s *Supervisor) ClearAllLogs(ctx context.Context) ([]api.CallResult, error) {
	var results []api.CallResult
	for _, p := range s.allProcesses() {
		results = append(results, report.Result(p, s.ClearLogs(ctx, p.FullName())))
	}
	return results, nil
}

// ReopenLogs opens all logs anew, for whoever renamed the files.
func (s *Supervisor) ReopenLogs() {
	s.opts.Log.Info("supervisord logreopen") // the last line of the old file
	if err := s.opts.Main.Reopen(); err != nil {
		s.opts.Log.Error("reopen the main log: " + err.Error())
	}
	for _, p := range s.allProcesses() {
		if err := p.ReopenLogs(); err != nil {
			s.opts.Log.Error("reopen the logs of " + p.Config.Name + ": " + err.Error())
		}
	}
}

// FollowLog calls begin with the time of the last change of a process's log,
// and writes the end of the log, then what is added, to what that returns,
// until ctx ends or a write fails. It fails with a fault, without having called
// begin, if there is no such process or log.
func (s *Supervisor) FollowLog(ctx context.Context, name, channel string, begin func(modified time.Time) io.Writer) error {
	p, err := s.single(name)
	if err != nil {
		return err
	}
	stream := p.Stream(channel)
	return follow(ctx, stream.Path(), stream.Changed, begin)
}

// FollowMainLog is FollowLog for the main log.
func (s *Supervisor) FollowMainLog(ctx context.Context, begin func(modified time.Time) io.Writer) error {
	return follow(ctx, s.opts.Main.Path(), s.opts.Main.Changed, begin)
}

func follow(ctx context.Context, path string, changed func() <-chan struct{}, begin func(time.Time) io.Writer) error {
	info, err := os.Stat(path)
	if err != nil {
		return faults.New(faults.NoFile, path)
	}
	return logs.Follow(ctx, path, changed, begin(info.ModTime()))
}

// RemoteEvent publishes an event that a client made up.
func (s *Supervisor) RemoteEvent(kind, data string) {
	s.opts.Events.Publish(events.RemoteCommunication, func() string { return events.RemotePayload(kind, data) })
}
