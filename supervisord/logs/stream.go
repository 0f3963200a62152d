package logs

import (
	"slices"
	"sync"
)

// StreamOptions says where the output of one channel of a process goes.
//
// The callbacks run on the goroutine that calls Write or Flush. Each may be
// nil. Except where said otherwise the slice they get is valid only during the
// call.
type StreamOptions struct {
	Process string // the process's name, before each line in syslog
	Channel string // "stdout" or "stderr"

	Path     string // the log file, "" for none
	MaxBytes int64  // size in bytes at which it is rotated, 0 for never
	Backups  int
	Syslog   bool

	StripANSI       bool
	CaptureMaxBytes int64 // bytes kept of a capture, 0 for no capture mode

	Debug    func([]byte) // all output, for the main log at debug level
	Output   func([]byte) // all output, for PROCESS_LOG events; captured output too, as in Supervisor
	Captured func([]byte) // a complete capture, for a PROCESS_COMMUNICATION event; the slice may be kept
	Report   func(error)  // outages (*OutageError) and failed rotations
}

// Stream takes the output of one channel of a process to its destinations. It
// lives as long as the process object and is opened for each of its children.
// Its methods may be called from anywhere.
type Stream struct {
	o      StreamOptions
	file   *File         // nil for none
	syslog *syslogWriter // nil for none

	mu      sync.Mutex // guards what has been read but not passed on
	ansi    ansi
	capture capture
}

// NewStream returns a Stream that is not open yet.
func NewStream(o StreamOptions) *Stream {
	s := &Stream{o: o, capture: capture{limit: int(o.CaptureMaxBytes)}}
	if o.Path != "" {
		s.file = newFile(o.Path, FileOptions{MaxBytes: o.MaxBytes, Backups: o.Backups, Report: o.Report})
	}
	if o.Syslog {
		s.syslog = newSyslog("", o.Report)
	}
	return s
}

// Open opens the log file for the output of a new child. An error is that of
// the system (*fs.PathError).
func (s *Stream) Open() error {
	s.takeRest() // of an earlier child that was never flushed
	if s.file == nil {
		return nil
	}
	return s.file.Open()
}

// Path returns the name of the log file, "" for none.
func (s *Stream) Path() string { return s.o.Path }

// Write passes on what was read from the child. It neither fails nor keeps p.
func (s *Stream) Write(p []byte) {
	for len(p) > 0 {
		var next piece
		next, p = s.cut(p)
		s.deliver(next)
	}
}

// Flush is called at the end of the output: text that was held back as a possible
// beginning of a capture token or an escape sequence is passed on, an unfinished
// capture is dropped.
func (s *Stream) Flush() { s.deliver(s.takeRest()) }

// Close closes the log file. It does not flush. A Write that waits for a slow reader
// is aborted.
func (s *Stream) Close() error {
	if s.syslog != nil {
		s.syslog.close()
	}
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Reopen opens the log file by its name again, see [File.Reopen].
func (s *Stream) Reopen() error {
	if s.file == nil {
		return nil
	}
	return s.file.Reopen()
}

// Clear empties the log file, see [File.Clear], and forgets an unfinished capture.
func (s *Stream) Clear() error {
	s.mu.Lock()
	s.capture.kept = nil
	s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	return s.file.Clear()
}

// Changed returns a channel that is closed when the log file next changes; see
// [File.Changed]. Without a log file it is nil.
func (s *Stream) Changed() <-chan struct{} {
	if s.file == nil {
		return nil
	}
	return s.file.Changed()
}

// piece is some output that has one destination, or the end of a capture, or
// both.
type piece struct {
	text       []byte // stripped
	isText     bool   // there was output, even if nothing is left of it
	isCaptured bool   // it is between the tokens
	isEnd      bool   // a capture ended after it
	captured   []byte
}

// cut takes the first piece off p.
func (s *Stream) cut(p []byte) (next piece, rest []byte) {
	captures := s.o.CaptureMaxBytes > 0
	if !captures && !s.o.StripANSI {
		return piece{text: p, isText: true}, nil // nothing to remember
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !captures {
		return piece{text: s.ansi.strip(p), isText: true}, nil
	}
	text, rest, isToken := s.capture.next(p)
	next = piece{text: text, isText: len(text) > 0, isCaptured: s.capture.isOn}
	if s.o.StripANSI {
		next.text = s.ansi.strip(text)
	}
	if isToken {
		// A token is no part of an escape sequence, so it ends one.
		if escaped := s.ansi.flush(); escaped != nil {
			next.text, next.isText = slices.Concat(next.text, escaped), true
		}
	}
	if next.isCaptured {
		s.capture.keep(next.text)
	}
	if isToken {
		next.captured, next.isEnd = s.capture.toggle()
	}
	return next, rest
}

// takeRest returns what was held back and forgets it.
func (s *Stream) takeRest() piece {
	s.mu.Lock()
	defer s.mu.Unlock()
	isCaptured := s.capture.isOn
	text := slices.Concat(s.ansi.strip(s.capture.flush()), s.ansi.flush())
	return piece{text: text, isText: len(text) > 0, isCaptured: isCaptured}
}

// deliver passes a piece on, in the order in which Supervisor does.
func (s *Stream) deliver(p piece) {
	if p.isText {
		s.log(p)
		if s.o.Debug != nil {
			s.o.Debug(p.text)
		}
		if s.o.Output != nil {
			s.o.Output(p.text)
		}
	}
	if p.isEnd && s.o.Captured != nil {
		s.o.Captured(p.captured)
	}
}

// log writes a piece that is not captured to the log file and to syslog.
func (s *Stream) log(p piece) {
	if p.isCaptured || len(p.text) == 0 {
		return
	}
	if s.file != nil {
		_, _ = s.file.Write(p.text) // the file reports its errors itself
	}
	if s.syslog != nil {
		s.syslog.lines(s.o.Process+" ", string(p.text))
	}
}
