package logs

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"
)

func TestLevels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		number int
		level  slog.Level
		word   string
	}{
		{50, LevelCritical, "CRIT"},
		{40, LevelError, "ERRO"},
		{30, LevelWarn, "WARN"},
		{20, LevelInfo, "INFO"},
		{10, LevelDebug, "DEBG"},
		{5, LevelTrace, "TRAC"},
		{3, LevelBlather, "BLAT"},
		{60, LevelCritical, "CRIT"},
		{35, LevelWarn, "WARN"},
		{0, LevelBlather, "BLAT"},
	} {
		got := LevelFromSupervisor(test.number)
		if got != test.level || levelWord(got) != test.word {
			t.Errorf("%d is %v %s, want %v %s", test.number, got, levelWord(got), test.level, test.word)
		}
	}
	if got := levelWord(LevelBlather - 1); got != "BLAT" {
		t.Errorf("below the lowest level: %s", got)
	}
}

func TestHandlerFormat(t *testing.T) {
	t.Parallel()
	when := time.Date(2024, 3, 1, 4, 5, 6, 7_999_999, time.Local)
	const prefix = "2024-03-01 04:05:06,007 WARN "
	for _, test := range []struct {
		name  string
		log   func(slog.Handler) slog.Handler // derives the handler, nil for none
		text  string
		attrs []any
		want  string
	}{
		{"plain", nil, "spawned: 'a' with pid 1", nil, "spawned: 'a' with pid 1"},
		{"spaces and percent", nil, "  a  %s ", nil, "  a  %s "},
		{"several lines", nil, "one\ntwo\n", nil, "one\ntwo\n"},
		{"tabs and CRLF", nil, "\ta\r\nb\r", nil, "\ta\r\nb\r"},
		{"UTF-8", nil, "æ\U0001F600\ufffd", nil, "æ\U0001F600\ufffd"},
		{"escape codes", nil, "a\x1b[31mb\x00\x7f", nil, `a\x1b[31mb\x00\x7f`},
		{"overwriting", nil, "a\rb\b", nil, `a\x0db\x08`},
		{"C1 control", nil, "a\u009b31m", nil, `a\xc2\x9b31m`},
		{"not UTF-8", nil, "a\xffb\xc3", nil, `a\xffb\xc3`},
		{"attributes", nil, "m", []any{"n", 1, "s", "x", "q", "a b", "e", ""}, `m n=1 s=x q="a b" e=""`},
		{"hostile attribute", nil, "m", []any{"k", "\x1b]0;x"}, `m k=\x1b]0;x`},
		{"group attribute", nil, "m", []any{slog.Group("g", "a", 1, "b", 2)}, "m g.a=1 g.b=2"},
		{
			"derived",
			func(h slog.Handler) slog.Handler {
				return h.WithAttrs([]slog.Attr{slog.Int("a", 1)}).WithGroup("").WithGroup("g").WithAttrs([]slog.Attr{slog.Int("b", 2)})
			},
			"m", []any{"c", 3}, "m a=1 g.b=2 g.c=3",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "main.log")
			m, err := OpenMain(MainOptions{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			h := m.Handler()
			if test.log != nil {
				h = test.log(h)
			}
			r := slog.NewRecord(when, LevelWarn, test.text, 0)
			r.Add(test.attrs...)
			if err := h.Handle(t.Context(), r); err != nil {
				t.Error(err)
			}
			if got, want := contents(t, path), prefix+test.want+"\n"; got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestHandlerLevel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	m, err := OpenMain(MainOptions{Path: path, Level: LevelWarn})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	logger := slog.New(m.Handler())
	logger.Info("unseen")
	logger.Log(t.Context(), LevelTrace, "unseen")
	logger.Warn("seen")
	logger.Log(t.Context(), LevelCritical, "seen")
	if got, want := stripTimes(contents(t, path)), "WARN seen\nCRIT seen\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRecordWithoutTimeGetsOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	m, err := OpenMain(MainOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	before := time.Now().Truncate(time.Millisecond)
	if err := m.Handler().Handle(t.Context(), slog.Record{Message: "m"}); err != nil {
		t.Fatal(err)
	}
	stamp := contents(t, path)[:len("2006-01-02 15:04:05,000")]
	got, err := time.ParseInLocation("2006-01-02 15:04:05,000", stamp, time.Local)
	if err != nil || got.Before(before) || got.After(time.Now()) {
		t.Errorf("time stamp %s (%v)", stamp, err)
	}
}
