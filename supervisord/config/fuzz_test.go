package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/source/sourcetest"
)

// seeds adds the texts of the golden files.
func seeds(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		input, _, _ := strings.Cut(string(text), "-- check --\n")
		_, input, _ = strings.Cut(input, " --\n")
		f.Add(input)
	}
}

func FuzzByteSize(f *testing.F) {
	for _, s := range []string{"0", "5MB", "1_0 kb", "-3GB", "99999999999999999999gb", "MB", "+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := byteSize(s)
		upper := strings.ToUpper(s)
		m, err2 := byteSize(upper)
		// Some letters have no way back from their capital.
		back := strings.ToLower(upper)
		if utf8.ValidString(s) && strings.ToLower(s) == back && (n != m || (err == nil) != (err2 == nil)) {
			t.Fatalf("%q: %d, %v; in capitals %d, %v", s, n, err, m, err2)
		}
	})
}

func FuzzKeyValues(f *testing.F) {
	for _, tt := range convertTests {
		if tt.kind == KeyValues {
			f.Add(tt.text)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		env, err := keyValues(s)
		if err != nil {
			return
		}
		var b strings.Builder
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		for _, v := range env {
			b.WriteString(`"` + quote.Replace(v.Name) + `"="` + quote.Replace(v.Value) + `",`)
		}
		again, err := keyValues(b.String())
		if diff := cmp.Diff(env, again); diff != "" || err != nil {
			t.Fatalf("%q: %v\n%s", b.String(), err, diff)
		}
	})
}

// FuzzCheck wants no text to bring Check down, and its status to agree with
// what it says.
func FuzzCheck(f *testing.F) {
	seeds(f)
	many := regexp.MustCompile(`(?i)numprocs[^_]*[0-9_]{4}`)
	f.Fuzz(func(t *testing.T, text string) {
		if many.MatchString(text) {
			return // it would be obeyed
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "c.conf"), []byte(text))
		o := LoadOptions{Path: "c.conf", Host: sourcetest.Host(dir)}
		var b strings.Builder
		status, err := Check(&b, o, false)
		if err != nil {
			t.Fatal(err)
		}
		if (status == 0) == strings.Contains(b.String(), "error: ") && !strings.Contains(text, "error: ") {
			t.Fatalf("status %d, but it says\n%s", status, b.String())
		}
		c, err := Load(o)
		if (err == nil) != (status == 0) {
			t.Fatalf("status %d, but Load says %v", status, err)
		}
		if err == nil {
			again, _ := Load(o)
			for i := range c.Groups {
				if !c.Groups[i].Equal(again.Groups[i]) {
					t.Fatalf("group %q differs from itself", c.Groups[i].Name)
				}
			}
		}
	})
}
