package source

import "testing"

func TestTempDir(t *testing.T) {
	t.Parallel()
	good, other := t.TempDir(), t.TempDir()
	for _, tt := range []struct {
		env  []string
		want string
	}{
		{[]string{"TMP=" + other, "TEMP=/nope", "TMPDIR=" + good}, good},
		{[]string{"TMP=" + good, "TEMP=/nope", "TMPDIR="}, good},
		{[]string{"TMPDIR=."}, other},
		{nil, "/tmp"},
	} {
		h := Host{Environ: tt.env, Cwd: other}
		if got := h.tempDir(); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.env, got, tt.want)
		}
	}
}
