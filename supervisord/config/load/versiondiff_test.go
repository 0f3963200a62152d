package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervisord/config/lint"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

// TestVersionDiffs has values that 4.2.5 reads differently, and some that it does not.
func TestVersionDiffs(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`A="a\\b"`:            `A is 'a\\\\b' in 4.2.5 and 'a\\b' here`,
		`A=a"b"c`:             `A is 'a"b"c' in 4.2.5 and 'abc' here`,
		`"A"=1`:               `"A" is set in 4.2.5 only, A is not set in 4.2.5`,
		`A=a\,b`:              "4.2.5 refuses it",
		`A=größe`:             "4.2.5 refuses it",
		`A='a\'b'`:            "",
		`A="x",PASSWORD=a"b"`: "PASSWORD has another value in 4.2.5",
		`A="1,2",B='x y'`:     "",
		`A=http://x/?y=1`:     "",
		`A=1;B=2`:             "",
		`A=""`:                "",
	} {
		file := filepath.Join(t.TempDir(), "s.conf")
		if err := os.WriteFile(file, []byte("[supervisord]\n[program:p]\ncommand=x\nenvironment="+value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if _, err := Check(&out, Options{Input: section.Input{Path: file, Host: source.ThisHost()}}, lint.System{}, false); err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(out.String(), "reads this otherwise: ")
		got, _, _ = strings.Cut(got, "\n")
		if strings.Contains(value, `\'`) {
			continue // an error here
		}
		if (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q\n%s", value, got, want, out.String())
		}
	}
}
