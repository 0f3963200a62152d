package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/ctlconf"
)

// logDaemon is a daemon with some processes.
type logDaemon struct {
	streamingDaemon
	infos []api.ProcessInfo
}

func (d *logDaemon) dial(ctlconf.Settings) (session.Client, error) { return d, nil }

func (d *logDaemon) Call(_ context.Context, _ string, reply any, _ ...any) error {
	if all, ok := reply.(*[]api.ProcessInfo); ok {
		*all = d.infos
	}
	return nil
}

func process(group, name, stdout, stderr string) api.ProcessInfo {
	return api.ProcessInfo{Group: group, Name: name, StdoutLogfile: stdout, StderrLogfile: stderr}
}

// part is a part of a stream of the daemon.
func part(header, text string) string {
	return fmt.Sprintf("{%s,\"bytes\":%d}\n%s", header, len(text), text)
}

// runLogs runs the action logs with these words until it has waited for an hour.
func runLogs(t *testing.T, d *logDaemon, terminal bool, words ...string) (out, errOut string, exit int) {
	t.Helper()
	table := session.Table([]session.Action{logsAction()}, func(string) bool { return false })
	line := strings.TrimPrefix(table.Join(append([]string{"logs"}, words...)), "logs")
	in, err := table.Parse(table.Find("logs"), line)
	if err != nil {
		return "", err.Error(), 2
	}
	synctest.Test(t, func(t *testing.T) {
		var text, errText bytes.Buffer
		s := session.New(session.Options{Dial: d.dial, Input: &fakeInput{}, Out: &text, ErrOut: &errText, Terminal: terminal})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := showLogs(ctx, s, in); err != nil {
			errText.WriteString(err.Error())
		}
		out, errOut, exit = text.String(), errText.String(), exitStatus(s)
	})
	return out, errOut, exit
}

// logsOf returns the logs that a path asks for, and the rest of its query.
func logsOf(t *testing.T, path string) (logs []string, rest string) {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	logs = q["log"]
	delete(q, "log")
	return logs, q.Encode()
}

var webAndCron = []api.ProcessInfo{
	process("web", "web_0", "/l/0", "/l/0e"), process("web", "web_1", "/l/1", ""), process("cron", "cron", "/l/c", ""), process("mute", "mute", "", ""),
}

func TestPastLogsAreMerged(t *testing.T) {
	t.Parallel()
	d := &logDaemon{infos: webAndCron}
	d.answers = []any{
		part(`"log":0,"dated":true,"next":"a"`, "2026-11-30T10:00:01Z one\n  trace of one\n2026-11-30T10:00:03Z three") +
			part(`"log":1,"dated":true,"next":"b"`, "2026-11-30T10:00:02Z two\n") +
			part(`"log":2,"next":"c"`, "no time\n") + part(`"log":3,"error":"no log file"`, ""),
		"",
	}
	out, errOut, exit := runLogs(t, d, false)
	want := "web:web_1 | no time\n" +
		"web:web_0 | 2026-11-30T10:00:01Z one\nweb:web_0 |   trace of one\n" +
		"web:web_0 | 2026-11-30T10:00:02Z two\nweb:web_0 | 2026-11-30T10:00:03Z three\n"
	if !strings.HasSuffix(out, want) || !strings.HasPrefix(out, "cron: ERROR (no log file)\n") || errOut != "" || exit != 1 {
		t.Errorf("exit %d, errors %q, output\n%s\nwant\n%s", exit, errOut, out, want)
	}
	logs, rest := logsOf(t, d.paths[0])
	if want := []string{"stdout,,web:web_0", "stderr,,web:web_0", "stdout,,web:web_1", "stdout,,cron:cron"}; !slices.Equal(logs, want) || rest != "lines=20" {
		t.Errorf("asked for %q and %s", logs, rest)
	}
}

func TestLogFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		words []string
		logs  string
		rest  string // "T" for a time
	}{
		{[]string{"web:web_1"}, "stdout,,web:web_1", "lines=20"},
		{[]string{"web", "-n", "5"}, "stdout,,web:web_0 stderr,,web:web_0 stdout,,web:web_1", "lines=5"},
		{[]string{"-n=all", "web_*", "web:*"}, "stdout,,web:web_0 stderr,,web:web_0 stdout,,web:web_1", ""},
		{[]string{"web:*", "--stderr"}, "stderr,,web:web_0", "lines=20"},
		{[]string{"web:*", "--stdout", "cron"}, "stdout,,web:web_0 stdout,,web:web_1 stdout,,cron:cron", "lines=20"},
		{[]string{"--since", "10m", "cron"}, "stdout,,cron:cron", "since=T"},
		{[]string{"--since", "2026-11-30 10:00", "--until", "10:05", "-n", "3", "cron"}, "stdout,,cron:cron", "lines=3&since=T&until=T"},
		{[]string{"--grep", "a  'quoted' (b|c)", "cron"}, "stdout,,cron:cron", "grep=a++%27quoted%27+%28b%7Cc%29&lines=20"},
		{[]string{"--daemon"}, "daemon,,", "lines=20"},
		{[]string{"--daemon", "cron"}, "daemon,, stdout,,cron:cron", "lines=20"},
		{[]string{"-f", "cron"}, "stdout,,cron:cron", "lines=20&whole=1"},
	} {
		d := &logDaemon{infos: webAndCron}
		d.answers = []any{"", "", ""}
		_, errOut, _ := runLogs(t, d, false, tt.words...)
		if len(d.paths) == 0 {
			t.Errorf("%q: nothing was asked for: %s", tt.words, errOut)
			continue
		}
		logs, rest := logsOf(t, d.paths[0])
		for _, name := range []string{"since", "until"} {
			if _, after, ok := strings.Cut(rest, name+"="); ok {
				value, _, _ := strings.Cut(after, "&")
				rest = strings.Replace(rest, value, "T", 1)
			}
		}
		if strings.Join(logs, " ") != tt.logs || rest != tt.rest {
			t.Errorf("%q: asked for %q and %s, want %s and %s", tt.words, logs, rest, tt.logs, tt.rest)
		}
	}
}

func TestBadLogArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		words []string
		out   string
		exit  int
	}{
		{[]string{"ghost", "mute"}, "ghost: ERROR (no such process)\nlogs: ERROR (no log file)\n", 1},
		{[]string{"/(/"}, "/(/: ERROR (bad regular expression /(/: error parsing regexp: missing closing ): `(`)\n", 1},
		{[]string{"--since", "soon"}, "", 2},
		{[]string{"--grep", "("}, "", 2},
		{[]string{"-n", "-5"}, "", 2},
		{[]string{"--follow"}, "", 2},
	} {
		d := &logDaemon{infos: webAndCron}
		out, errOut, exit := runLogs(t, d, false, tt.words...)
		if out != tt.out || exit != tt.exit || exit == 2 && errOut == "" || len(d.paths) > 0 {
			t.Errorf("%q: exit %d, output %q, errors %q, asked for %q", tt.words, exit, out, errOut, d.paths)
		}
	}
}

// TestLogsAreFollowedOverCrashes: the second connection goes on behind what the first
// one has brought, and a line may come in two parts.
func TestLogsAreFollowedOverCrashes(t *testing.T) {
	t.Parallel()
	d := &logDaemon{infos: webAndCron}
	d.answers = []any{
		part(`"log":0,"next":"c1"`, "old\n"),
		part(`"log":0,"next":"c2"`, "new\nhal"),
		syscall.ECONNREFUSED, syscall.ECONNREFUSED, errors.New("starting"),
		part(`"log":0,"next":"c3"`, "f a line\n") + part(`"log":0,"next":"c4","lost":true`, "after a clear\n"),
	}
	out, errOut, exit := runLogs(t, d, false, "-f", "-n", "1", "cron")
	want := "old\nnew\nhalf a line\n==> lines of cron are lost: the log was cleared, or rotated too fast <==\nafter a clear\n\n"
	if out != want || exit != 0 {
		t.Errorf("exit %d, output %q, want %q", exit, out, want)
	}
	if want := "connection to  lost, trying again: connection refused\nconnected again\n"; errOut != want {
		t.Errorf("errors %q, want %q", errOut, want)
	}
	for i, want := range []string{"stdout,,cron:cron", "stdout,c1,cron:cron", "stdout,c2,cron:cron"} {
		if logs, _ := logsOf(t, d.paths[i]); logs[0] != want {
			t.Errorf("request %d is for %s, want %s", i, logs[0], want)
		}
	}
}

// TestLogNames: names are aligned, a long one is cut in its middle and pads no other.
func TestLogNames(t *testing.T) {
	t.Parallel()
	long := "a_very_long_name_of_a_worker_that_nobody_can_read_00"
	d := &logDaemon{infos: []api.ProcessInfo{process("a", "a", "/a", "/e"), process(long, long, "/b", "")}}
	d.answers = []any{part(`"log":0`, "x\n") + part(`"log":1`, "y\n") + part(`"log":2`, "z\n"), ""}
	out, _, _ := runLogs(t, d, false)
	want := "a                                | x\na                                | y\na_very_long_nam…body_can_read_00 | z\n"
	if out != want {
		t.Errorf("output\n%s", out)
	}
}

func TestLogColors(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	answers := []any{part(`"log":0`, "x\n") + part(`"log":1`, "y\n") + part(`"log":2`, "z\n"), ""}
	d := &logDaemon{infos: webAndCron[:2]}
	d.answers = slices.Clone(answers)
	out, _, _ := runLogs(t, d, true)
	if !strings.HasPrefix(out, "\x1b[") || !strings.Contains(out, "\x1b[31m│\x1b[0m y\n") || strings.Contains(out, "|") {
		t.Errorf("output %q", out)
	}
	t.Setenv("NO_COLOR", "1")
	d.answers = slices.Clone(answers)
	if out, _, _ := runLogs(t, d, true); strings.Contains(out, "\x1b") {
		t.Errorf("in spite of NO_COLOR: %q", out)
	}
}

func TestLogsOfAnOlderDaemon(t *testing.T) {
	t.Parallel()
	d := &logDaemon{infos: webAndCron}
	d.answers = []any{&xmlrpc.StatusError{Code: 404}}
	if out, _, exit := runLogs(t, d, false); out != "logs: ERROR (not supported by this supervisord)\n" || exit != 1 {
		t.Errorf("exit %d, output %q", exit, out)
	}
}

// TestThousandLogs: one request can't ask for so many.
func TestThousandLogs(t *testing.T) {
	t.Parallel()
	d := &logDaemon{}
	for i := range 1000 {
		name := fmt.Sprintf("worker_with_a_name_%04d", i)
		d.infos = append(d.infos, process(name, name, "/l", ""))
	}
	d.answers = []any{"", "", "", "", ""}
	runLogs(t, d, false)
	if len(d.paths) != 4 {
		t.Errorf("%d requests", len(d.paths))
	}
	for _, path := range d.paths {
		if len(path) > 32<<10 {
			t.Errorf("a request of %d bytes", len(path))
		}
	}
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 14, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"10m": now.Add(-10 * time.Minute), "90": now.Add(-90 * time.Second), "1h30m": now.Add(-90 * time.Minute),
		"13:30": now.Add(-30 * time.Minute), "14:30:15": now.Add(-24*time.Hour + 30*time.Minute + 15*time.Second),
		"today": now.Add(-14 * time.Hour), "yesterday": now.Add(-38 * time.Hour),
		"2026-11-30 13:00": now.Add(-time.Hour), "2026-11-30T13:00:00": now.Add(-time.Hour), "2026-11-30": now.Add(-14 * time.Hour),
		"2026-11-30T10:00:00Z": time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC),
	} {
		if got, err := action.ParseMoment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "25:00", "2026-13-01", "infinity", "-5m"} {
		if got, err := action.ParseMoment(text, now); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
