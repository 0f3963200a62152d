package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/config/source/sourcetest"
)

// loadArchive loads the files of a golden archive as if they were in /here, so
// that nothing of the machine is in the result. It returns nil if they are refused.
func loadArchive(t *testing.T, path string) *config.Config {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	input, _, _ := strings.Cut(string(text), "-- check --\n")
	s := source.NewSnapshot()
	for _, part := range strings.Split("\n"+input, "\n-- ")[1:] {
		name, body, _ := strings.Cut(part, " --\n")
		file := filepath.Join("/here", name)
		s.Texts[file] = source.FileText{Data: []byte(strings.ReplaceAll(body, "$HERE", "/here") + "\n")}
		s.Exists[file] = true
	}
	c, err := Config(Options{Input: section.Input{Path: "/here/supervisord.conf", Host: sourcetest.Host("/here"), Snapshot: s}})
	if err != nil {
		return nil
	}
	return c
}

// describeArchive lists the digest of each process, and what differs from the
// first process of the file, so that the texts of the options are recorded too.
func describeArchive(c *config.Config) string {
	var b strings.Builder
	var first *config.Process
	for _, g := range c.Groups {
		for _, p := range g.Processes {
			fmt.Fprintf(&b, "%s:%s %s\n", p.Group, p.Name, p.Digest())
			if first == nil {
				first = p
			}
			for _, change := range p.Diff(first) {
				fmt.Fprintf(&b, "\t%s: %q -> %q (%s)\n", change.Option, change.Old, change.New, change.Effect)
			}
			for _, change := range first.Diff(p) {
				fmt.Fprintf(&b, "\t%s: %q <- %q (%s)\n", change.Option, change.New, change.Old, change.Effect)
			}
		}
	}
	return b.String()
}

// TestRecordedDigests compares the digests and differences with recorded ones.
// Journals hold digests that earlier versions computed: a digest must never
// change while the process is configured in the same way.
func TestRecordedDigests(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no golden files:", err)
	}
	var b strings.Builder
	for _, path := range archives {
		if c := loadArchive(t, path); c != nil {
			fmt.Fprintf(&b, "== %s\n%s", filepath.Base(path), describeArchive(c))
		}
	}
	const golden = "testdata/digests.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
