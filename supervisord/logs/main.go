package logs

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"supervisor/supervisord/logs/printable"
)

// Syslog is the name of a main log that is no file.
const Syslog = "syslog"

// MainOptions says where the daemon's own log goes.
type MainOptions struct {
	Path     string // the file, "syslog", or "" for none
	MaxBytes int64  // size in bytes at which the file is rotated, 0 for never
	Backups  int
	Level    slog.Level  // records below it are not written
	Stdout   io.Writer   // gets a copy; nil for none
	Ident    string      // program name in syslog, "" for the base name of the command
	Report   func(error) // called with outages (*OutageError) and failed rotations, and may log them; may be nil
}

// Main is the daemon's own log. Its methods may be called from anywhere.
type Main struct {
	o      MainOptions
	file   *File         // nil for none
	syslog *syslogWriter // nil for none

	mu     sync.Mutex // keeps the lines of all destinations in one order
	stdout io.Writer
	errs   []error // to be reported once mu is free
}

// OpenMain opens the main log.
//
// The copy on Stdout is left out when that is the log file itself, as with
// logfile=/dev/stdout in the foreground; Supervisor writes every line twice.
func OpenMain(o MainOptions) (*Main, error) {
	m := &Main{o: o, stdout: o.Stdout}
	switch o.Path {
	case "":
	case Syslog:
		m.syslog = newSyslog(o.Ident, m.addError)
	default:
		file, err := OpenFile(o.Path, FileOptions{MaxBytes: o.MaxBytes, Backups: o.Backups, Report: m.addError})
		if err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
		m.file = file
		if stdout, ok := o.Stdout.(*os.File); ok && file.isSame(stdout) {
			m.stdout = nil
		}
	}
	return m, nil
}

// Path returns the name of the log file as configured: also "syslog", and ""
// for none.
func (m *Main) Path() string { return m.o.Path }

// Handler returns a handler that writes records in Supervisor's line format:
//
//	2006-01-02 15:04:05,000 INFO message
//
// Attributes follow the message as key=value. A message may have several lines,
// but control characters that could fool a terminal are written as \x1b.
func (m *Main) Handler() slog.Handler { return handler{main: m} }

// Changed returns a channel that is closed when the log file next changes; see
// [File.Changed]. Without a log file it is nil.
func (m *Main) Changed() <-chan struct{} {
	if m.file == nil {
		return nil
	}
	return m.file.Changed()
}

// Reopen opens the log file by its name again, see [File.Reopen].
func (m *Main) Reopen() error {
	if m.file == nil {
		return nil
	}
	return m.file.Reopen()
}

// Clear starts a new log file. As in Supervisor, the lines that report this, one for
// each destination, do not get into the new file. Without a log file the error is
// [fs.ErrNotExist].
func (m *Main) Clear() error {
	if m.file == nil {
		return &fs.PathError{Op: "clear", Path: m.o.Path, Err: fs.ErrNotExist}
	}
	if _, err := os.Stat(m.o.Path); err != nil {
		return err
	}
	m.logReopening()
	if m.stdout != nil {
		m.logReopening()
	}
	return m.file.Clear()
}

func (m *Main) logReopening() {
	if LevelInfo >= m.o.Level {
		m.write(time.Now(), LevelInfo, "reopening log file")
	}
}

// Close closes the log. What is logged later goes to Stdout only.
func (m *Main) Close() error {
	if m.syslog != nil {
		m.syslog.close()
	}
	if m.file == nil {
		return nil
	}
	return m.file.Close()
}

// write writes one record to all destinations. A failure of one affects neither the
// others nor the caller.
func (m *Main) write(now time.Time, level slog.Level, message string) {
	prefix := now.Format("2006-01-02 15:04:05,000") + " " + levelWord(level) + " "
	message = printable.Text(message)
	line := []byte(prefix + message + "\n")

	m.mu.Lock()
	if m.file != nil {
		_, _ = m.file.Write(line) // the file reports its errors itself
	}
	if m.syslog != nil {
		m.syslog.lines(prefix, message)
	}
	if m.stdout != nil {
		_, _ = m.stdout.Write(line) // the reader has gone; there is nowhere to report it
	}
	errs := m.errs
	m.errs = nil
	m.mu.Unlock()

	if m.o.Report == nil {
		return
	}
	for _, err := range errs {
		m.o.Report(err)
	}
}

// addError keeps an error of a destination, which is being written to under mu.
func (m *Main) addError(err error) { m.errs = append(m.errs, err) }
