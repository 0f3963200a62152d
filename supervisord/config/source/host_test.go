package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"supervisor/supervisord/config/source"
	"supervisor/supervisord/config/source/sourcetest"
)

func TestThisHost(t *testing.T) {
	t.Parallel()
	h := source.ThisHost()
	if root, ok := h.User("root"); !ok || root.UID != 0 {
		t.Errorf("root is %+v, %v", root, ok)
	}
	if _, ok := h.User("no such user"); ok {
		t.Error("found a user that does not exist")
	}
	if _, ok := h.UserID(0); !ok || !h.GroupID(0) || h.GroupID(1<<30) {
		t.Error("wrong about the ids 0 and 2^30")
	}
	if _, ok := h.Group("no such group"); ok {
		t.Error("found a group that does not exist")
	}
	if !filepath.IsAbs(h.Cwd) || !h.IsDir(h.Cwd) || !h.IsDir(h.TempDir) || h.UID != os.Getuid() || h.Name == "" {
		t.Errorf("got %+v", h)
	}
}

func TestExpandUser(t *testing.T) {
	t.Parallel()
	h := sourcetest.Host("/here")
	for p, want := range map[string]string{
		"~": "/home/me", "~/x": "/home/me/x", "~web/x": "/home/web/x", "~nosuch/x": "~nosuch/x", "x~": "x~", "": "",
	} {
		if got := h.ExpandUser(p); got != want {
			t.Errorf("%q became %q, want %q", p, got, want)
		}
	}
	h.Environ = []string{"HOME=/"}
	for p, want := range map[string]string{"~": "/", "~/x": "/x"} {
		if got := h.ExpandUser(p); got != want {
			t.Errorf("at home in /: %q became %q, want %q", p, got, want)
		}
	}
	h.Environ = nil
	if got := h.ExpandUser("~"); got != "/home/root" {
		t.Errorf("without HOME: %q", got)
	}
}
