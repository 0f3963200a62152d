package ctlconf

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source/sourcetest"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for text, want := range map[string]Settings{
		"[supervisorctl]\n": {ServerURL: "http://localhost:9001", Prompt: "supervisor"},
		"[supervisorctl]\nserverurl=unix://%(here)s/../s.sock\nusername=u\npassword=%(ENV_WORD)s\nprompt=me\nhistory_file=~/h\n": {
			ServerURL: "unix://" + filepath.Dir(dir) + "/s.sock", Username: "u", Password: "two words", Prompt: "me", HistoryFile: "/home/me/h"},
		"[include]\n[supervisorctl]\nserverurl=nonsense\nhistory_file=\n": {ServerURL: "nonsense", Prompt: "supervisor"},
	} {
		writeFile(t, filepath.Join(dir, "c.conf"), text)
		want.Path = filepath.Join(dir, "c.conf")
		got, err := Load(section.Input{Path: "c.conf", Host: sourcetest.Host(dir)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for text, want := range map[string]string{
		"[supervisord]\n[program:a]\ncommand=/bin/a\n": ".ini file does not include supervisorctl section",
		"junk":                                  "File contains no section headers.\nfile: 'c.conf', line: 1\n'junk'",
		"[supervisorctl]\nprompt=%(here)s":      "Format string '%(here)s' for 'supervisorctl.prompt' contains names ('here') which cannot be expanded. Available names: ENV_HOME, ENV_PATH, ENV_PERCENT, ENV_WORD",
		"[supervisorctl]\n[ctlplugin:x]\na=b\n": "section [ctlplugin:x] does not specify a supervisor.ctl_factory",
		"[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory=a.b\n": "a.b cannot be resolved within [ctlplugin:x]: No module named 'a'",
	} {
		writeFile(t, filepath.Join(dir, "c.conf"), text)
		if _, err := Load(section.Input{Path: "c.conf", Host: sourcetest.Host(dir)}); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
	if _, err := Load(section.Input{Path: "none", Host: sourcetest.Host(dir)}); err == nil || err.Error() != "could not find config file none" {
		t.Errorf("error %v", err)
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"http://localhost:9001", "unix:///s", "x:y", " http://[::1]:80", "a+b-c.1:path"} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"nonsense":   "value 'nonsense' is not a URL",
		"":           "value '' is not a URL",
		"http:":      "value 'http:' is not a URL",
		"http://?q":  "value 'http://?q' is not a URL",
		":x":         "value ':x' is not a URL",
		"1x:y":       "value '1x:y' is not a URL",
		"http://[::": "Invalid IPv6 URL",
	} {
		if err := CheckURL(bad); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", bad, err, want)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
