package logs

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// syslogDaemon receives datagrams on a socket.
type syslogDaemon struct {
	t    *testing.T
	path string
	conn *net.UnixConn
}

func startSyslog(t *testing.T) *syslogDaemon {
	t.Helper()
	d := &syslogDaemon{t: t, path: filepath.Join(t.TempDir(), "log")}
	d.start()
	t.Cleanup(d.stop)
	return d
}

func (d *syslogDaemon) start() {
	d.t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: d.path, Net: "unixgram"})
	if err != nil {
		d.t.Fatal(err)
	}
	d.conn = conn
}

func (d *syslogDaemon) stop() {
	d.conn.Close()
	os.Remove(d.path)
}

// receive returns the next n messages without their time stamps.
func (d *syslogDaemon) receive(n int) (messages []string) {
	d.t.Helper()
	buf := make([]byte, 64<<10)
	for range n {
		n, err := d.conn.Read(buf)
		if err != nil {
			d.t.Fatal(err)
		}
		messages = append(messages, withoutStamp(d.t, string(buf[:n])))
	}
	return messages
}

// withoutStamp removes and checks the time stamp of a message.
func withoutStamp(t *testing.T, message string) string {
	t.Helper()
	stamp := regexp.MustCompile(`^<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d `)
	if !stamp.MatchString(message) {
		t.Errorf("the message %q has no time stamp", message)
	}
	return stamp.ReplaceAllString(message, "")
}

func TestStreamToSyslog(t *testing.T) {
	t.Parallel()
	daemon := startSyslog(t)
	path := filepath.Join(t.TempDir(), "o.log")
	s := openStream(t, StreamOptions{Process: "web", Path: path, Syslog: true, CaptureMaxBytes: 10})
	s.syslog.path, s.syslog.ident = daemon.path, "supervisord"
	s.Write([]byte("one\n\ntwo\n\n"))
	s.Write([]byte("half a li"))
	s.Write([]byte("ne" + beginToken + "secret" + endToken + "\n"))
	got := daemon.receive(6)
	want := []string{
		"supervisord: web one", "supervisord: web ", "supervisord: web two",
		"supervisord: web half a li", "supervisord: web ne", "supervisord: web ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if err := s.Clear(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil || s.syslog.conn != nil {
		t.Errorf("Close: %v, connection %v", err, s.syslog.conn)
	}
}

func TestMainToSyslog(t *testing.T) {
	t.Parallel()
	daemon := startSyslog(t)
	m, err := OpenMain(MainOptions{Path: "syslog", Ident: "sup"})
	if err != nil {
		t.Fatal(err)
	}
	m.syslog.path = daemon.path
	slog.New(m.Handler()).Warn("one\ntwo\n")
	var got []string
	for _, message := range daemon.receive(2) {
		text, _ := strings.CutPrefix(message, "sup: ")
		got = append(got, stripTimes(text))
	}
	if diff := cmp.Diff([]string{"WARN one", "WARN two"}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if err := m.Clear(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Clear: %v", err)
	}
	if err := errors.Join(m.Reopen(), m.Close()); err != nil || m.Path() != "syslog" {
		t.Errorf("path %q, %v", m.Path(), err)
	}
}

func TestSyslogReconnects(t *testing.T) {
	t.Parallel()
	daemon := startSyslog(t)
	daemon.stop()
	var reports []error
	w := newSyslog("", func(err error) { reports = append(reports, err) })
	w.path, w.ident = daemon.path, "x"
	w.line("lost")
	if len(reports) != 1 || !errors.Is(reports[0], fs.ErrNotExist) {
		t.Fatalf("reports %v", reports)
	}
	daemon.start()
	w.line("lost") // no new attempt is made at once
	if w.conn != nil {
		t.Error("connected without a pause")
	}
	w.retry = time.Time{}
	w.line("back")
	if diff := cmp.Diff([]string{"x: back"}, daemon.receive(1)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	var end *OutageError
	if len(reports) != 2 || !errors.As(reports[1], &end) || end.Lost != 8 {
		t.Errorf("reports %v", reports)
	}
	daemon.stop()
	daemon.start()
	w.line("after a restart")
	if diff := cmp.Diff([]string{"x: after a restart"}, daemon.receive(1)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// A daemon that does not read must not stop a program, only cost it a moment
// now and then.
func TestSyslogBlocked(t *testing.T) {
	t.Parallel()
	daemon := startSyslog(t)
	var reports []error
	w := newSyslog("x", func(err error) { reports = append(reports, err) })
	w.path = daemon.path
	for range 100_000 {
		w.line(strings.Repeat("x", 1000))
		if len(reports) > 0 {
			break
		}
	}
	if len(reports) != 1 || !errors.Is(reports[0], os.ErrDeadlineExceeded) {
		t.Fatalf("reports %v", reports)
	}
}

func TestSyslogOverAStream(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	w := newSyslog("x", nil)
	w.path = path
	w.line("hello")
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	buf := make([]byte, 100)
	n, err := conn.Read(buf)
	if got := withoutStamp(t, string(buf[:n])); got != "x: hello\n" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	w.close()
}

func TestSyslogIdent(t *testing.T) {
	t.Parallel()
	if got, want := newSyslog("", nil).ident, filepath.Base(os.Args[0]); got != want {
		t.Errorf("ident %q, want %q", got, want)
	}
}
