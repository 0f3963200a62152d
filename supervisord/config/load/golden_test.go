package load

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/lint"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source/sourcetest"
)

var update = flag.Bool("update", false, "write what the golden tests got into their files")

// TestGolden reads the files of each archive in testdata and compares what
// Check writes, as text and as JSON, with the archive's last two parts. $HERE
// stands for the directory of the files.
func TestGolden(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no golden files:", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			checkGolden(t, path)
		})
	}
}

func checkGolden(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	here := t.TempDir()
	input, outputs, _ := strings.Cut(string(text), "-- check --\n")
	check, json, _ := strings.Cut(outputs, "-- json --\n")
	want := map[string]string{"check": check, "json": json}
	// A line "-- name --" begins a part. The text before the first is a comment.
	for _, part := range strings.Split("\n"+input, "\n-- ")[1:] {
		name, body, _ := strings.Cut(part, " --\n")
		write(t, filepath.Join(here, name), []byte(strings.ReplaceAll(body, "$HERE", here)+"\n"))
	}
	o := Options{Input: section.Input{Path: "supervisord.conf", Host: sourcetest.Host(here)}}
	for _, name := range []string{"check", "json"} {
		var b strings.Builder
		if _, err := Check(&b, o, lint.System{}, name == "json"); err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(b.String(), here, "$HERE")
		input += "-- " + name + " --\n" + got
		if diff := cmp.Diff(want[name], got); diff != "" && !*update {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(input), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
