package logs

import (
	"errors"
	"io/fs"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// textFile creates a file.
func textFile(t testing.TB, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "o.log")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	t.Parallel()
	path := textFile(t, "0123456789abcdefghij")
	for _, test := range []struct {
		offset, length int64
		want           string
		err            error
	}{
		{0, 0, "0123456789abcdefghij", nil},
		{0, 5, "01234", nil},
		{5, 5, "56789", nil},
		{15, 100, "fghij", nil},
		{20, 0, "", nil},
		{100, 5, "", nil},
		{3, 0, "3456789abcdefghij", nil},
		{-5, 0, "fghij", nil},
		{-100, 0, "0123456789abcdefghij", nil},
		{-5, 3, "", ErrBadArguments},
		{-5, -3, "", ErrBadArguments},
		{0, -1, "", ErrBadArguments},
		{math.MaxInt64, math.MaxInt64, "", nil},
		{math.MinInt64, 0, "0123456789abcdefghij", nil},
		{0, math.MaxInt64, "0123456789abcdefghij", nil},
	} {
		got, err := Read(path, test.offset, test.length)
		if string(got) != test.want || !errors.Is(err, test.err) {
			t.Errorf("Read(%d, %d) = %q, %v; want %q, %v", test.offset, test.length, got, err, test.want, test.err)
		}
	}
}

func TestReadNonRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		dir + "/none": fs.ErrNotExist,
		"syslog":      fs.ErrNotExist,
		dir:           syscall.ESPIPE,
		fifo:          syscall.ESPIPE, // and without waiting for a writer
		"/dev/null":   nil,
	} {
		if data, err := Read(path, 0, 0); len(data) > 0 || !errors.Is(err, want) {
			t.Errorf("Read(%s) = %q, %v; want %v", path, data, err, want)
		}
		wantOffset := int64(0)
		if want == syscall.ESPIPE {
			wantOffset = 7
		}
		if data, offset, overflow := Tail(path, 7, 5); len(data) > 0 || offset != wantOffset || overflow {
			t.Errorf("Tail(%s) = %q, %d, %v", path, data, offset, overflow)
		}
	}
	if _, err := Read(dir+"/none", -1, -1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file with bad arguments: %v", err)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	path := textFile(t, "abcdefghij")
	for _, test := range []struct {
		offset, length int64
		want           string
		overflow       bool
	}{
		{0, 100, "abcdefghij", false},
		{0, 10, "abcdefghij", false},
		{5, 100, "abcdefghij", false},
		{0, 5, "fghij", true},
		{5, 5, "fghij", false},
		{2, 8, "cdefghij", false},
		{2, 9, "bcdefghij", false},
		{9, 3, "hij", false},
		{10, 5, "", false},
		{20, 5, "", false},
		{10, 0, "", false},
		{3, 4, "ghij", true},
		{-1, 5, "fghij", true},
		{0, 0, "", true},
		{0, -1, "", true},
		{math.MaxInt64, math.MaxInt64, "", false},
		{math.MinInt64, math.MinInt64, "", true},
		{math.MaxInt64, math.MinInt64, "", true},
		{0, math.MaxInt64, "abcdefghij", false},
		{9, math.MaxInt64, "abcdefghij", false},
	} {
		got, offset, overflow := Tail(path, test.offset, test.length)
		if string(got) != test.want || offset != 10 || overflow != test.overflow {
			t.Errorf("Tail(%d, %d) = %q, %d, %v; want %q, 10, %v", test.offset, test.length, got, offset, overflow, test.want, test.overflow)
		}
	}
	if got, offset, overflow := Tail(textFile(t, ""), 0, 5); len(got) > 0 || offset != 0 || overflow {
		t.Errorf("an empty file: %q, %d, %v", got, offset, overflow)
	}
}

// modelTail is the procedure as it is described, with numbers that cannot
// overflow.
func modelTail(size, offset, length int64) (start, n int64, overflow bool) {
	zero, one := new(big.Int), big.NewInt(1)
	sz, off, n1 := big.NewInt(size), big.NewInt(offset), big.NewInt(length)
	end := func() *big.Int { return new(big.Int).Add(off, n1) }
	last := new(big.Int).Sub(sz, one)
	if sz.Cmp(end()) > 0 {
		overflow = true
		off = last
	}
	if end().Cmp(sz) > 0 {
		if off.Cmp(last) > 0 {
			n1 = zero
		}
		off = new(big.Int).Sub(sz, n1)
	}
	if off.Sign() < 0 {
		off = zero
	}
	if n1.Sign() < 0 {
		n1 = zero
	}
	return off.Int64(), n1.Int64(), overflow
}

func FuzzTail(f *testing.F) {
	for _, size := range []int64{0, 1, 10, math.MaxInt64 - 1} {
		for _, n := range []int64{0, 1, -1, 5, math.MaxInt64, math.MinInt64} {
			f.Add(size, n, int64(5))
			f.Add(size, int64(5), n)
			f.Add(size, n, n)
		}
	}
	f.Fuzz(func(t *testing.T, size, offset, length int64) {
		if size < 0 || size == math.MaxInt64 {
			return // no file is that large
		}
		start, n, overflow := tailRange(size, offset, length)
		wantStart, wantN, wantOverflow := modelTail(size, offset, length)
		if start != wantStart || n != wantN || overflow != wantOverflow {
			t.Errorf("tailRange(%d, %d, %d) = %d, %d, %v; want %d, %d, %v", size, offset, length, start, n, overflow, wantStart, wantN, wantOverflow)
		}
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                  "",
		"æ plain \x00\x1b":  "æ plain \x00\x1b",
		"\xa6tail":          "\ufffdtail",
		"a\xff\xfeb\ufffdc": "a\ufffd\ufffdb\ufffdc",
		"cut \xf0\x9f\x98":  "cut \ufffd\ufffd\ufffd",
	} {
		if got := Text([]byte(in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestDebugText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"chatty æ\n":       "chatty æ\n",
		"":                 "",
		"\xff\xfe\n":       `Undecodable: b'\xff\xfe\n'`,
		"\xc3\xa6\xff":     `Undecodable: b'\xc3\xa6\xff'`,
		"\xff\t\r\\\x00~":  `Undecodable: b'\xff\t\r\\\x00~'`,
		"\xff it's":        `Undecodable: b"\xff it's"`,
		"\xff 'a' \"b\"":   `Undecodable: b'\xff \'a\' "b"'`,
		"\xff \"b\" \x7f!": `Undecodable: b'\xff "b" \x7f!'`,
	} {
		if got := DebugText([]byte(in)); got != want {
			t.Errorf("%q became %s, want %s", in, got, want)
		}
	}
}
