package load

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/ctlconf"
	"supervisor/supervisord/config/lint"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

// corpusCase is one file of a collection of real configurations with what
// Supervisor made of it.
type corpusCase struct {
	Assumed struct {
		Directories, Groups, Plugins, Users []string
	}
	Environment   map[string]string
	Form          string
	Alone, Result any
	Newest        map[string]any
	Supervisorctl map[string]any
}

// deviations are the files that are refused with another error on purpose.
var deviations = map[string]string{
	// Supervisor expands the names of log files twice and so refuses %%, which is a
	// percent sign here. The directory does not exist either.
	"051": "The directory named as part of the path /home/django/%PRJ_NAME%/logs/gunicorn_supervisor.log does not exist",
}

// TestCorpus reads a collection of real configurations. It is not part of the
// repository: SUPERVISOR_CORPUS names its directory.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("SUPERVISOR_CORPUS")
	if dir == "" {
		dir = "../../../../shared/corpus"
	}
	expected, _ := filepath.Glob(filepath.Join(dir, "expected", "*.json"))
	if len(expected) == 0 {
		t.Skip("NOT COMPARED WITH THE CORPUS: SUPERVISOR_CORPUS names no directory with one")
	}
	for _, path := range expected {
		number := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			c := newCorpus(t, path, filepath.Join(dir, number+".conf"))
			if want, ok := deviations[number]; ok {
				c.setUp(t)
				if _, err := Config(c.opts); err == nil || !strings.HasPrefix(err.Error(), want+" in section ") {
					t.Errorf("error %v, want %s", err, want)
				}
				return
			}
			c.check(t)
		})
	}
}

// corpus is one case set up in a directory.
type corpus struct {
	corpusCase
	here string
	text []byte
	opts Options
}

func newCorpus(t *testing.T, path, conf string) *corpus {
	t.Helper()
	root := t.TempDir()
	c := &corpus{here: filepath.Join(root, "a", "b", "here")}
	replacer := strings.NewReplacer("@HERE@", c.here, "@HERE_PARENT@", filepath.Dir(c.here),
		"@HERE_GRANDPARENT@", filepath.Dir(filepath.Dir(c.here)), "@CWD@", root+"/cwd", "@CWD_PARENT@", root,
		"@TMPDIR@", root+"/tmp", "@HOME@", root+"/home", "@HOSTNAME@", "corpus.example")
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(replacer.Replace(string(golden))), &c.corpusCase); err != nil {
		t.Fatal(err)
	}
	if result, ok := c.Newest["result"]; ok {
		c.Result = result
	}
	if c.text, err = os.ReadFile(conf); err != nil {
		t.Fatal(err)
	}
	host := c.host(root)
	c.opts = Options{Input: section.Input{Path: c.here + "/supervisord.conf", Host: host, Resolve: func(reference string) error {
		if slices.Contains(c.Assumed.Plugins, reference) {
			return nil
		}
		return option.ResolveBuiltIn(reference)
	}}}
	return c
}

// host has the directories, users and groups that the case assumes.
func (c *corpus) host(root string) source.Host {
	const nobody = 65534
	h := source.Host{
		Environ: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + root + "/home", "LANG=C.UTF-8"},
		Name:    "corpus.example", Cwd: root + "/cwd", TempDir: root + "/tmp",
		IsDir: func(p string) bool {
			return slices.ContainsFunc(c.Assumed.Directories, func(dir string) bool {
				return python.Absolute(root+"/cwd", dir) == filepath.Clean(p)
			})
		},
	}
	for name, value := range c.Environment {
		h.Environ = append(h.Environ, name+"="+value)
	}
	known := func(names []string, name string) (int, bool) {
		if name == "root" {
			return 0, true
		}
		return nobody, slices.Contains(names, name)
	}
	h.User = func(name string) (source.Account, bool) {
		id, ok := known(c.Assumed.Users, name)
		return source.Account{UID: id, GID: id, Home: "/home/" + name}, ok
	}
	h.UserID = func(uid int) (source.Account, bool) {
		return source.Account{UID: uid, GID: uid}, true
	}
	h.Group = func(name string) (int, bool) { return known(c.Assumed.Groups, name) }
	h.GroupID = func(int) bool { return true }
	return h
}

func (c *corpus) check(t *testing.T) {
	t.Helper()
	if c.Form == "fragment" {
		write(t, c.opts.Path, c.text)
		c.compare(t, "alone", c.Alone)
	}
	c.setUp(t)
	c.compare(t, "result", c.Result)
	if c.Supervisorctl != nil {
		c.compareCtl(t)
	}
}

// setUp writes the file, or one that includes it if it is a fragment.
func (c *corpus) setUp(t *testing.T) {
	t.Helper()
	if c.Form != "fragment" {
		write(t, c.opts.Path, c.text)
		return
	}
	write(t, c.opts.Path, []byte("[supervisord]\n[include]\nfiles = conf.d/fragment.conf\n"))
	write(t, c.here+"/conf.d/fragment.conf", c.text)
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

func (c *corpus) compare(t *testing.T, what string, want any) {
	t.Helper()
	var got any
	var out strings.Builder
	status, err := Check(&out, c.opts, lint.System{}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	if accepted := want.(map[string]any)["accepted"] == true; accepted != (status == 0) {
		t.Errorf("%s: accepted %v, exit status %d", what, accepted, status)
	}
}

func (c *corpus) compareCtl(t *testing.T) {
	t.Helper()
	got, err := ctlconf.Load(c.opts.Input)
	want := c.Supervisorctl
	if want["accepted"] != true {
		text, _ := want["error"].(string)
		if crash, ok := want["crash"].(string); ok {
			_, text, _ = strings.Cut(crash, ": ")
		}
		if err == nil || err.Error() != text {
			t.Errorf("supervisorctl: error %v, want %s", err, text)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	result := map[string]any{"accepted": true, "history_file": null(got.HistoryFile), "password": null(got.Password),
		"plugins": []any{}, "prompt": got.Prompt, "serverurl": got.ServerURL, "username": null(got.Username)}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Errorf("supervisorctl (-want +got):\n%s", diff)
	}
}
