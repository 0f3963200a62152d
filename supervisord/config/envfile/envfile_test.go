package envfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lookup(name string) (string, bool) {
	value, ok := map[string]string{"HOME": "/root", "EMPTY": ""}[name]
	return value, ok
}

// TestParseLikeSystemd compares the parser with systemd: the example of systemd.exec(5),
// the cases of systemd's own test-env-file.c, and cases derived from its parser.
func TestParseLikeSystemd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"plain", "A=b\n", []string{"A=b"}},
		{"no end of line", "A=b", []string{"A=b"}},
		{"empty", "A=\nB=\n", []string{"A=", "B="}},
		{"comments", "# a\n; b\n  # c\n\nA=1\n#B=2\n", []string{"A=1"}},
		{"a comment does not go on", "# a \\\nA=1\n", []string{"A=1"}},
		{"no comment in a value", "A=b # c\nB=x;y\n", []string{"A=b # c", "B=x;y"}},
		{"white space around", "  A  =  b c  \n", []string{"A=b c"}},
		{"more than one =", "A=b=c\n", []string{"A=b=c"}},
		{"no expansion", "A=$HOME ${B} %h `c`\n", []string{"A=$HOME ${B} %h `c`"}},
		{"single quotes", `A=' b \c "d" '` + "\n", []string{`A= b \c "d" `}},
		{"double quotes", `A=" b 'd' "` + "\n", []string{`A= b 'd' `}},
		{"escapes in double quotes", `A="\"\\\` + "`" + `\$\n\x"` + "\n", []string{`A="\` + "`" + `$\n\x`}},
		{"escapes outside", `A=\a\\\"b\ ` + "\n", []string{`A=a\"b `}},
		{"quotes inside a word", `A=it's "so"` + "\n", []string{`A=it's "so"`}},
		{"parts", `A="b"'c' d` + "\n", []string{"A=bcd"}},
		{"continuation", "A=one \\\n  two\\\nthree\nB=1\n", []string{"A=one   twothree", "B=1"}},
		{"continuation in double quotes", "A=\"one\\\ntwo\"\n", []string{"A=onetwo"}},
		{"lines in quotes", "A=\"one\ntwo\"\nB='three\n\nfour'\n", []string{"A=one\ntwo", "B=three\n\nfour"}},
		{"carriage returns", "A=b\r\nB=\"c\"\r\n", []string{"A=b", "B=c"}},
		{"byte order mark", "\ufeffA=b\n", []string{"A=b"}},
		{"twice", "A=1\nA=2\n", []string{"A=1", "A=2"}},
		{"test-env-file.c 1", "a=a\nb=b\\\nc\nd= d\\\ne  \\\nf\ng=g\\ \nh=ąęół\\ śćńźżμ",
			[]string{"a=a", "b=bc", "d=de  f", "g=g ", "h=ąęół śćńźżμ"}},
		{"test-env-file.c 2", "a=a\\\n", []string{"a=a"}},
		{"test-env-file.c 3", "#SPAMD_ARGS=\"-d --socketpath=/var/lib/bulwark/spamd \\\nnormal1=line\\\n111\n;normal=ignored                \\\nnormal2=line222\n",
			[]string{"normal1=line111", "normal2=line222"}},
		{"test-env-file.c 4", "# Generated\n\nHWMON_MODULES=\"coretemp f71882fg\"\n\n# For compatibility reasons\n\nMODULE_0=coretemp\nMODULE_1=f71882fg",
			[]string{"HWMON_MODULES=coretemp f71882fg", "MODULE_0=coretemp", "MODULE_1=f71882fg"}},
		{"test-env-file.c 5", "a=\nb=", []string{"a=", "b="}},
		{"test-env-file.c 6", `a=\ \n \t \x \y \' ` + "\nb= \\$'                  \nc= ' \\n\\t\\$\\`\\\\\n'   \nd= \" \\n\\t\\$\\`\\\\\n\"   ",
			[]string{"a= n t x y '", "b=$'", "c= \\n\\t\\$\\`\\\\\n", "d= \\n\\t$`\\\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := Parse(tt.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, pairs(list)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func pairs(list []Variable) (got []string) {
	for _, v := range list {
		got = append(got, v.Name+"="+v.Value)
	}
	return got
}

func TestParseLikeDocker(t *testing.T) {
	t.Parallel()
	list, err := Parse("HOME\nEMPTY\nNOTHING\nspring.data-source=jdbc:x?a=b&c\nA=b c\n", lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"HOME=/root", "EMPTY=", "spring.data-source=jdbc:x?a=b&c", "A=b c"}
	if diff := cmp.Diff(want, pairs(list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// systemd would end the first line at the escaped carriage return.
func TestContinuationBeforeCarriageReturn(t *testing.T) {
	t.Parallel()
	list, err := Parse("A=b \\\r\nc\r\nB=1\r\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"A=b c", "B=1"}, pairs(list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLinesOfVariables(t *testing.T) {
	t.Parallel()
	list, err := Parse("# one\nA=1\\\n2\n\nB='x\ny'\r\nC=1\rD=2", nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, v := range list {
		lines = append(lines, v.Line)
	}
	if diff := cmp.Diff([]int{2, 5, 7, 8}, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBadLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"A=1\n=2\n", "line 2: there is no name before the ="},
		{"\nset -e\n", "line 2: neither NAME=value nor a NAME alone"},
		{"export A=1\n", "line 1: a shell would take the word export; write NAME=value"},
		{"A B=1\n", "line 1: a name can't have white space, quotes, backslashes or control characters"},
		{"\"A\"=1\n", "line 1: a name can't have white space, quotes, backslashes or control characters"},
		{"A=1\nB=\"2\nC=3\n", `line 2: the quote " is never closed`},
		{"A='it", "line 1: the quote ' is never closed"},
		{"A=\"\\", `line 1: the quote " is never closed`},
		{"A=\x00\n", "line 1: the value has a NUL byte"},
		{"A=\xff\n", "line 1: the value is not valid UTF-8"},
		{"\xff=\n", "line 1: the name is not valid UTF-8"},
	} {
		_, err := Parse(tt.text, lookup)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestErrorHidesLineText(t *testing.T) {
	t.Parallel()
	_, err := Parse("PASS WORD=hunter2\n", nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "PASS") {
		t.Errorf("got %v", err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "app.env")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("A=1\n")
	list, err := Read(path, nil)
	if err != nil || len(list) != 1 {
		t.Errorf("got %v, %v", list, err)
	}
	write("A=1\n\nB='\n")
	if _, err = Read(path, nil); err == nil || err.Error() != path+":3: the quote ' is never closed" {
		t.Errorf("got %v", err)
	}
	write(strings.Repeat("A=1\n", MaxSize/4+1))
	if _, err = Read(path, nil); err == nil || err.Error() != path+": larger than 1048576 bytes" {
		t.Errorf("got %v", err)
	}
	none := filepath.Join(dir, "none")
	if _, err = Read(none, nil); !errors.Is(err, fs.ErrNotExist) || err.Error() != none+": no such file or directory" {
		t.Errorf("got %v", err)
	}
	if _, err = Read(dir, nil); err == nil || err.Error() != dir+": is a directory" {
		t.Errorf("got %v", err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Read(pipe, nil); err == nil || err.Error() != pipe+": not a regular file" {
		t.Errorf("got %v", err)
	}
}

// FuzzParse: the same values are read from a text that has them in quotes.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "A=b\n", "# c\nA=\"b\\\"c\"\n", "A='b\nc' d\\\ne\n", "HOME\n", "A=\\", "a=\\ \\n\nb= \\$'", "A=b\r\nC\r", "\ufeffA", "A=\"\\\r\n\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse(text, lookup)
		if err != nil {
			if bad, ok := errors.AsType[*Error](err); !ok || bad.Line < 1 || bad.Line > 1+strings.Count(text, "\n")+strings.Count(text, "\r") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		var b strings.Builder
		for _, v := range list {
			b.WriteString(v.Name + "='" + strings.ReplaceAll(v.Value, "'", `'"'"'`) + "'\n")
		}
		again, err := Parse(b.String(), nil)
		if err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		if diff := cmp.Diff(pairs(list), pairs(again)); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
	})
}
