package logs

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	syslogSocket     = "/dev/log"
	syslogPrefix     = "<14>"                 // facility user, severity info (RFC 3164 section 4.1.1)
	syslogRetryDelay = time.Second            // between attempts to reach a daemon that is away
	syslogTimeout    = 200 * time.Millisecond // with a daemon that does not read
)

// syslogWriter sends lines to the syslog daemon of this machine, in the form
// that syslog(3) of the C library gives them. log/syslog does not serve because
// it cannot leave out the process id.
//
// It connects with the first line. While the daemon does not run, lines are lost,
// counted and reported like bytes for a full disk, and cost almost no time.
type syslogWriter struct {
	path   string // of the daemon's socket
	ident  string
	report func(error) // may be nil

	mu       sync.Mutex // guards all below
	conn     net.Conn
	isStream bool
	retry    time.Time // when to try again after a failure
	failure  error
	outage   outage
}

// ToSyslog sends one message to the syslog daemon of this machine, if there is one. It
// blocks for less than a second.
func ToSyslog(ident, message string) {
	w := newSyslog(ident, nil)
	defer w.close()
	w.lines("", message)
}

// newSyslog returns a writer that is not connected yet. Without an ident it
// uses the base name of the program.
func newSyslog(ident string, report func(error)) *syslogWriter {
	if ident == "" {
		ident = filepath.Base(os.Args[0])
	}
	return &syslogWriter{path: syslogSocket, ident: ident, report: report}
}

// lines sends every line of a text as a message of its own, after a prefix.
// Line ends at the end of the text do not count.
func (w *syslogWriter) lines(prefix, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		w.line(prefix + line)
	}
}

// line sends one message.
func (w *syslogWriter) line(message string) {
	w.mu.Lock()
	err := w.send(message)
	lost := 0
	if err != nil {
		lost = len(message)
	}
	outageErr := w.outage.record("syslog", lost, err)
	w.mu.Unlock()
	if outageErr != nil && w.report != nil {
		w.report(outageErr)
	}
}

// send connects if necessary. A broken connection is replaced once, because the daemon
// may have been restarted.
func (w *syslogWriter) send(message string) error {
	now := time.Now()
	if now.Before(w.retry) {
		return w.failure
	}
	packet := syslogPrefix + now.Format(time.Stamp) + " " + w.ident + ": " + message
	wasConnected := w.conn != nil
	w.failure = w.attempt(packet)
	if w.failure != nil && wasConnected {
		w.failure = w.attempt(packet)
	}
	if w.failure != nil {
		w.retry = time.Now().Add(syslogRetryDelay)
	}
	return w.failure
}

func (w *syslogWriter) attempt(packet string) error {
	if err := w.connect(); err != nil {
		return err
	}
	if w.isStream {
		packet += "\n"
	}
	err := w.conn.SetWriteDeadline(time.Now().Add(syslogTimeout))
	if err == nil {
		_, err = w.conn.Write([]byte(packet))
	}
	if err != nil {
		w.disconnect()
	}
	return err
}

func (w *syslogWriter) connect() (err error) {
	if w.conn != nil {
		return nil
	}
	for _, network := range []string{"unixgram", "unix"} {
		var conn net.Conn
		if conn, err = net.DialTimeout(network, w.path, syslogTimeout); err == nil {
			w.conn, w.isStream = conn, network == "unix"
			return nil
		}
	}
	return err
}

func (w *syslogWriter) disconnect() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing was buffered
		w.conn = nil
	}
}

// close ends the connection. The next line opens another.
func (w *syslogWriter) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disconnect()
}
