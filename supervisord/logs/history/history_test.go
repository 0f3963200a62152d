package history_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/logs"
	"supervisor/supervisord/logs/history"
)

// newLog writes the files of a log, the newest first, and returns its path.
func newLog(t *testing.T, files ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.log")
	for i, text := range files {
		name := path
		if i > 0 {
			name = fmt.Sprintf("%s.%d", path, i)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func read(t *testing.T, path string, q history.Query) history.Result {
	t.Helper()
	r, err := history.Read(path, q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when
}

func TestRead(t *testing.T) {
	t.Parallel()
	rotated := []string{"2026-11-30T10:00:04Z e\n2026-11-30T10:00:05Z f", "2026-11-30T10:00:02Z c\n  at d\n", "2026-11-30T10:00:00Z a\n2026-11-30T10:00:01Z b\n"}
	for _, tt := range []struct {
		name  string
		files []string
		query history.Query
		want  string
		cut   bool
		dated bool // the opposite of Undated
	}{
		{name: "all", files: rotated, want: rotated[2] + rotated[1] + rotated[0]},
		{name: "the last ones", files: rotated, query: history.Query{Lines: 3}, want: "  at d\n" + rotated[0]},
		{name: "whole lines", files: rotated, query: history.Query{Lines: 2, WholeLines: true}, want: "  at d\n2026-11-30T10:00:04Z e\n"},
		{name: "pattern", files: rotated, query: history.Query{Match: regexp.MustCompile(`[ad]$`)}, want: "2026-11-30T10:00:00Z a\n  at d\n"},
		{name: "pattern and number", files: rotated, query: history.Query{Match: regexp.MustCompile(`Z`), Lines: 2}, want: rotated[0]},
		{name: "since", files: rotated, query: history.Query{Since: at("2026-11-30T10:00:02Z")}, want: rotated[1] + rotated[0]},
		{name: "until", files: rotated, query: history.Query{Until: at("2026-11-30T10:00:02Z")}, want: rotated[2] + rotated[1]},
		{name: "period", files: rotated, query: history.Query{Since: at("2026-11-30T10:00:01Z"), Until: at("2026-11-30T10:00:02Z")},
			want: "2026-11-30T10:00:01Z b\n" + rotated[1]},
		{name: "too much", files: []string{"1\n22\n333\n"}, query: history.Query{MaxBytes: 7}, want: "22\n333\n", cut: true},
		{name: "empty", files: []string{""}, want: ""},
		{name: "empty lines", files: []string{"\n\na\n\n"}, query: history.Query{Lines: 3}, want: "\na\n\n"},
		{name: "a line over two files", files: []string{"d of it\n", "the en"}, want: "the end of it\n"},
		{name: "long lines", files: []string{strings.Repeat("x", 200000) + "\ny\n"}, query: history.Query{Lines: 2}, want: strings.Repeat("x", 200000) + "\ny\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := read(t, newLog(t, tt.files...), tt.query)
			if string(r.Text) != tt.want || r.Cut != tt.cut || r.Undated {
				t.Errorf("got %.200q, cut %v, undated %v\nwant %.200q", r.Text, r.Cut, r.Undated, tt.want)
			}
		})
	}
}

func TestUndatedLines(t *testing.T) {
	t.Parallel()
	path := newLog(t, "no time\nat all\n")
	if r := read(t, path, history.Query{Since: time.Now()}); string(r.Text) != "no time\nat all\n" || !r.Undated {
		t.Errorf("got %q, undated %v", r.Text, r.Undated)
	}
}

func TestMissingLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none")
	if _, err := history.Read(path, history.Query{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := history.Next(path, history.Cursor{}, 10); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestNextOverRotations: a reader that comes now and then gets each byte once, however
// often the log was rotated meanwhile, and learns when files are gone.
func TestNextOverRotations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	f, err := logs.OpenFile(path, logs.FileOptions{MaxBytes: 100, Backups: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var want, got strings.Builder
	cursor, err := history.End(path)
	if err != nil {
		t.Fatal(err)
	}
	readOn := func() (lost bool) {
		for {
			c, err := history.Next(path, cursor, 64)
			if err != nil {
				t.Fatal(err)
			}
			if cursor, err = history.ParseCursor(c.Next.String()); err != nil {
				t.Fatal(err)
			}
			got.Write(c.Text)
			lost = lost || c.Lost
			if !c.More {
				return lost
			}
		}
	}
	for i := range 60 {
		line := fmt.Sprintf("line %d of the log\n", i)
		want.WriteString(line)
		fmt.Fprint(f, line)
		if i%17 == 0 && readOn() {
			t.Errorf("lost at line %d", i)
		}
	}
	if readOn() || got.String() != want.String() {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want.String())
	}
	for i := range 100 { // more than the rotated files hold
		fmt.Fprintf(f, "later line %d\n", i)
	}
	if !readOn() || !strings.HasSuffix(got.String(), "later line 98\nlater line 99\n") {
		t.Errorf("it is not told that lines are lost, or the rest is missing: %q", got.String()[want.Len():])
	}
	if err := f.Clear(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "new\n")
	if !readOn() || !strings.HasSuffix(got.String(), "99\nnew\n") {
		t.Error("a cleared log is not followed")
	}
}

// TestTruncatedLog: a log that others truncate, as logrotate's copytruncate does.
func TestTruncatedLog(t *testing.T) {
	t.Parallel()
	path := newLog(t, "0123456789\n")
	end, err := history.End(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := history.Next(path, end, 100); err != nil || string(c.Text) != "new\n" || !c.Lost {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestBadCursors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "1-2", "1-2-3-4", "g-0-1", "1-0--1", "1-0-x"} {
		if c, err := history.ParseCursor(text); err == nil {
			t.Errorf("%q is %v", text, c)
		}
	}
}

// FuzzRead checks that the last lines are those that strings.SplitAfter finds, however
// the log is divided into files.
func FuzzRead(f *testing.F) {
	f.Add("a\nb\n", "c\nd", uint8(2))
	f.Add("", "\n\n", uint8(1))
	f.Fuzz(func(t *testing.T, older, newer string, n uint8) {
		path := newLog(t, newer, older)
		lines := strings.SplitAfter(older+newer, "\n")
		if !strings.HasSuffix(older, "\n") {
			return // its last line goes on in the next file: it counts as two
		}
		if lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		want := lines[max(len(lines)-int(n), 0):]
		if n == 0 {
			want = lines
		}
		if r := read(t, path, history.Query{Lines: int(n)}); string(r.Text) != strings.Join(want, "") {
			t.Errorf("got %q, want %q", r.Text, want)
		}
	})
}

// TestBetween: the output of one run of a program is what was written between its start and
// its end, over rotations, as far as it is kept.
func TestBetween(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	f, err := logs.OpenFile(path, logs.FileOptions{MaxBytes: 40, Backups: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	place := func() history.Place {
		t.Helper()
		c, err := history.End(path)
		if err != nil {
			t.Fatal(err)
		}
		return history.Place{Inode: c.File.Inode, Offset: c.Offset}
	}
	fmt.Fprint(f, "before\n")
	start := place()
	fmt.Fprint(f, "one\ntwo\n")
	middle := place()
	fmt.Fprint(f, "three is a longer line\nfour\n") // it is rotated here
	end, ended := place(), time.Now()
	fmt.Fprint(f, "after\n")
	for _, tt := range []struct {
		name     string
		from, to history.Place
		lines    int
		bytes    int
		want     string
	}{
		{"in one file", start, middle, 50, 1000, "one\ntwo\n"},
		{"over a rotation", start, end, 50, 1000, "one\ntwo\nthree is a longer line\nfour\n"},
		{"the last lines", start, end, 2, 1000, "three is a longer line\nfour\n"},
		{"bounded", start, end, 50, 10, "four\n"},
		{"nothing", middle, middle, 50, 1000, ""},
	} {
		if text, err := history.Between(path, tt.from, tt.to, ended, tt.lines, tt.bytes); err != nil || string(text) != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.name, text, err, tt.want)
		}
	}
	for range 20 {
		fmt.Fprint(f, "this fills the log with other lines\n")
	}
	if text, err := history.Between(path, start, end, ended, 50, 1000); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after all was rotated away: %q, %v", text, err)
	}
}
