package load

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"supervisor/supervisord/config/lint"
	"supervisor/supervisord/config/section"
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

// FuzzCheck: Check does not panic for any text, and its status agrees with its output.
func FuzzCheck(f *testing.F) {
	seeds(f)
	many := regexp.MustCompile(`(?i)numprocs[^_]*[0-9_]{4}`)
	f.Fuzz(func(t *testing.T, text string) {
		if many.MatchString(text) {
			return // that many processes would be made
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "c.conf"), []byte(text))
		o := Options{Input: section.Input{Path: "c.conf", Host: sourcetest.Host(dir)}}
		var b strings.Builder
		status, err := Check(&b, o, lint.System{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if (status == 0) == strings.Contains(b.String(), "error: ") && !strings.Contains(text, "error: ") {
			t.Fatalf("status %d, but it says\n%s", status, b.String())
		}
		c, err := Config(o)
		if (err == nil) != (status == 0) {
			t.Fatalf("status %d, but Load says %v", status, err)
		}
		if err == nil {
			again, _ := Config(o)
			for i := range c.Groups {
				if !c.Groups[i].Equal(again.Groups[i]) {
					t.Fatalf("group %q differs from itself", c.Groups[i].Name)
				}
			}
		}
	})
}
