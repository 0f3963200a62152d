package logs

import (
	"regexp"
	"strings"
	"testing"
)

// stripped passes chunks through one stripper.
func stripped(chunks ...string) string {
	var a ansi
	var b strings.Builder
	for _, chunk := range chunks {
		b.Write(a.strip([]byte(chunk)))
	}
	b.Write(a.flush())
	return b.String()
}

func TestStripANSI(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"plain", "plain"},
		{"\x1b[31mred\x1b[0m plain|", "red plain|"},
		{"\x1b[2J\x1b[1;1Htop|", "top|"},
		{"a\x1b[Kb|", "ab|"},
		{"\x1b[?25hz|", "z|"},
		{"\x1b[5nZm end", "Zm end"},          // Supervisor: " end"
		{"\x1b[2Gy m z", "y m z"},            // Supervisor: " z"
		{"\x1b[38;2;1;2;3mx", "x"},           // parameters
		{"\x1b[!px\x1b[0 qy", "xy"},          // intermediates
		{"\x1b]0;title\a", "\x1b]0;title\a"}, // not a control sequence
		{"\x1b(B\x1b7", "\x1b(B\x1b7"},
		{"\x1b\x1b[mx\x1b\x1by", "\x1bx\x1b\x1by"},
		{"a\x1b[31\nb", "a\nb"}, // every terminal ends the sequence there
		{"a\x1b[3\xc3\xa6b", "aæb"},
		{"a\x1b[3\x1b[4mb", "ab"},
		{"a\x1b[31", "a"},
		{"a\x1b", "a\x1b"},
	} {
		if got := stripped(test.in); got != test.want {
			t.Errorf("%q became %q, want %q", test.in, got, test.want)
		}
		if got := stripped(chunked(test.in, []byte{0})...); got != test.want {
			t.Errorf("%q byte by byte became %q, want %q", test.in, got, test.want)
		}
	}
}

// With the final bytes that Supervisor knows the result is the same as its own.
func TestStripANSILikeSupervisor(t *testing.T) {
	t.Parallel()
	for _, final := range "HfABCDRsuJKhlpm" {
		for _, parameters := range []string{"", "0", "1;2", "?25", "38;5;1"} {
			in := "a\x1b[" + parameters + string(final) + "b"
			if got := stripped(in); got != "ab" {
				t.Errorf("%q became %q", in, got)
			}
		}
	}
}

func TestStripANSIDoesNotCopyPlainText(t *testing.T) {
	t.Parallel()
	var a ansi
	plain := []byte("plain")
	if got := a.strip(plain); &got[0] != &plain[0] {
		t.Error("plain text was copied")
	}
	colour := []byte("\x1b[mx")
	if a.strip(colour); string(colour) != "\x1b[mx" {
		t.Errorf("the caller's bytes became %q", colour)
	}
}

// FuzzStripANSI checks that the way text is cut does not matter, and against a
// regular expression.
func FuzzStripANSI(f *testing.F) {
	model := regexp.MustCompile(`\x1b\[[\x20-\x3f]*([\x40-\x7e]|$)`)
	broken := regexp.MustCompile(`\x1b\[[\x20-\x3f]*[^\x20-\x7e]`)
	for _, text := range []string{"plain", "\x1b[31mred\x1b[0m", "\x1b\x1b[[m", "a\x1b[1;2", "\x1b]0;x\a", "\x1b[\n"} {
		f.Add(text, []byte{0})
		f.Add(text, []byte{1, 2})
	}
	f.Fuzz(func(t *testing.T, text string, sizes []byte) {
		whole := stripped(text)
		if got := stripped(chunked(text, sizes)...); got != whole {
			t.Errorf("%q in chunks became %q, whole %q", text, got, whole)
		}
		if broken.MatchString(text) {
			return // the expression can't model that
		}
		if want := model.ReplaceAllString(text, ""); whole != want {
			t.Errorf("%q became %q, want %q", text, whole, want)
		}
	})
}
