package logs

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// mixedText is a text with characters of all lengths, broken ones among them.
func mixedText(size int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "<&>]]>\r\n", "é", "€", "😀", "\xff", "\xe2\x82", "\xf0\x9f", "\x00\x1b", "\u007f\u0085"}
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return []byte(b.String())
}

// TestExcerptMatchesRead, in pieces of whole characters.
func TestExcerptMatchesRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, mixedText(5*pieceSize), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]int64{{0, 0}, {0, 10}, {-20, 0}, {3, 2*pieceSize + 1}, {-4 * pieceSize, 0}, {1, shortExcerpt}, {2, shortExcerpt + 1}, {1 << 40, 0}} {
		data, err := Read(path, r[0], r[1])
		if err != nil {
			t.Fatal(err)
		}
		e, err := ReadExcerpt(path, r[0], r[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, short := e.Short(); short != (len(data) <= shortExcerpt) {
			t.Errorf("%v: in memory is %v for %d bytes", r, short, len(data))
		}
		for range 2 {
			if got := readExcerpt(t, e); got != Text(data) {
				t.Errorf("%v: %d bytes are not those of Read, %d", r, len(got), len(Text(data)))
			}
		}
		tail, next, overflow := Tail(path, r[0], r[1])
		te, nextOf, overflowOf := TailExcerpt(path, r[0], r[1])
		if next != nextOf || overflow != overflowOf || readExcerpt(t, te) != Text(tail) {
			t.Errorf("%v: the tail is another one", r)
		}
	}
	if _, err := ReadExcerpt(path, -1, 1); !errors.Is(err, ErrBadArguments) {
		t.Errorf("got %v", err)
	}
	if _, err := ReadExcerpt(path+"none", 0, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func readExcerpt(t *testing.T, e Excerpt) string {
	t.Helper()
	var b strings.Builder
	ended := 0
	err := e.Pieces(func(piece string, last bool) error {
		if last {
			ended++
		}
		if len(piece) > 3*pieceSize || !utf8.ValidString(piece) {
			t.Errorf("a piece of %d bytes", len(piece))
		}
		b.WriteString(piece)
		return nil
	})
	if err != nil || ended != 1 {
		t.Errorf("%v, %d last pieces", err, ended)
	}
	return b.String()
}

// TestExcerptOfARotatedLog: an excerpt that is read twice comes from the same file.
func TestExcerptOfARotatedLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, mixedText(5*pieceSize), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := ReadExcerpt(path, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	before := readExcerpt(t, e)
	if err := errors.Join(os.Rename(path, path+".2"), os.WriteFile(path, mixedText(9*pieceSize), 0o600)); err != nil {
		t.Fatal(err)
	}
	if readExcerpt(t, e) != before {
		t.Error("it is another text after a rotation")
	}
	if err := os.Remove(path + ".2"); err != nil {
		t.Fatal(err)
	}
	if err := e.Pieces(func(string, bool) error { return nil }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
