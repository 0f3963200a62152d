package python

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.conf", "b.conf", "c.txt", ".hidden.conf", "sub/a.conf", "sub2/d.conf", "[x].conf", "é.conf", `back\slash`, "a-b", "a^b"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string]string{
		"a.conf":       "a.conf",
		"nope.conf":    "",
		"*.conf":       "[x].conf a.conf b.conf é.conf",
		"?.conf":       "a.conf b.conf é.conf",
		"[ab].conf":    "a.conf b.conf",
		"[a-b].conf":   "a.conf b.conf",
		"[!a].conf":    "b.conf é.conf",
		"[^b].conf":    "b.conf",
		"[[]x].conf":   "[x].conf",
		"[x].conf":     "",
		"a[-x]b":       "a-b",
		"a[]^]b":       "a^b",
		"[a.conf":      "",
		".*.conf":      ".hidden.conf",
		"s*/*.conf":    "sub/a.conf sub2/d.conf",
		"sub*/":        "sub/ sub2/",
		"sub/../a.c*":  "sub/../a.conf",
		"nope/*":       "",
		"**/a.conf":    "sub/a.conf",
		`back\*`:       `back\slash`,
		"*a*.*o*n*f*":  "a.conf",
		"a*a*a*a*a*b*": "",
		"s*/a.conf":    "sub/a.conf",
	} {
		var got []string
		for _, path := range Glob(dir + "/" + pattern) {
			got = append(got, strings.TrimPrefix(path, dir+"/"))
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
	}
}
