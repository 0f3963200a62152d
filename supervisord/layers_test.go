package supervisord_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "supervisor/"

// layers says which packages of ours each package may import, from the leaves
// upwards. A package that is not listed fails the test: whoever adds one says
// where it stands.
var layers = []struct {
	name string
	may  []string
}{
	{"supervisord/states", nil},
	{"supervisord/faults", nil},
	{"supervisord/namespec", nil},
	{"supervisord/shlex", nil},
	{"supervisord/python", nil},
	{"supervisord/getopt", nil},
	{"supervisord/front", []string{"getopt"}},
	{"supervisord/inifile", []string{"python"}},
	{"supervisord/inherited", nil},
	{"supervisord/accounts", nil},
	{"supervisord/safeopen", nil},
	{"supervisord/localtime", nil},
	{"supervisord/inetaddr", nil},
	{"supervisord/bound", []string{"inetaddr", "safeopen"}},
	{"supervisord/printable", nil},
	{"supervisord/hostheader", []string{"inetaddr"}},
	{"supervisord/password", nil},
	{"supervisord/envfile", nil},
	{"supervisord/depends", nil},
	{"supervisord/xmlrpc", []string{"faults", "inetaddr"}},
	{"supervisord/api", []string{"states"}},
	{"supervisord/config", []string{"accounts", "depends", "signals", "envfile", "password", "inifile", "python", "shlex", "states", "getopt"}},
	{"supervisord/events", []string{"states"}},
	{"supervisord/logs", []string{"printable", "python", "safeopen"}},
	{"supervisord/signals", nil},
	{"supervisord/notify", nil},
	{"supervisord/spawn", []string{"accounts", "safeopen", "signals"}},
	{"supervisord/probe", []string{"config", "printable", "spawn"}},
	{"supervisord/process", []string{"accounts", "signals", "envfile", "config", "states", "faults", "events", "logs", "spawn", "namespec", "shlex", "python", "bound"}},
	{"supervisord/listener", []string{"python", "config", "states", "events", "process", "logs"}},
	{"supervisord/health", []string{"api", "config", "logs", "namespec", "notify", "printable", "probe", "process", "signals", "spawn", "states"}},
	{"supervisord/sockets", []string{"api", "bound", "config", "process", "spawn"}},
	{"supervisord/ledger", nil},
	{"supervisord/supervisor", []string{"config", "states", "faults", "events", "logs", "process", "listener", "namespec", "api", "sockets"}},
	{"supervisord/exitpolicy", []string{"config", "process", "signals", "states"}},
	{"supervisord/rolling", []string{"supervisor", "process", "config", "states", "faults", "namespec", "api"}},
	{"supervisord/longtext", []string{"logs"}},
	{"supervisord/rpc", []string{"supervisor", "longtext", "logs", "python", "states", "faults", "namespec", "api", "xmlrpc"}},
	{"supervisord/web", []string{"supervisor", "longtext", "logs", "states", "faults", "namespec", "api", "config", "hostheader"}},
	{"supervisord/httpd", []string{"hostheader", "inetaddr", "rpc", "bound", "safeopen", "password", "config", "logs", "faults"}},
	{"supervisord/daemon", []string{"safeopen", "config", "inherited", "spawn"}},
	{"supervisord", []string{"*"}},
	{"supervisord/compat", []string{"ctl", "config", "events", "rpc"}},
	{"supervisord/pidproxy", nil},
	{"supervisord/sampleconf", []string{"config"}},
	{"supervisord/testkit", nil},
	{"supervisord/testkit/child", nil},
	{"supervisord/testkit/chaos", nil},
	{"supervisord/testkit/scribe", nil},
	{"supervisord/testkit/scribe/program", []string{"testkit/scribe"}},
	{"ctl/shell", nil},
	{"ctl", []string{"depends", "ctl/shell", "printable", "front", "config", "python", "states", "faults", "namespec", "api", "xmlrpc", "getopt"}},
	{"cmd/supervisord", []string{"supervisord", "spawn"}},
	{"cmd/supervisorctl", []string{"ctl"}},
	{"cmd/pidproxy", []string{"pidproxy"}},
	{"cmd/echo_supervisord_conf", []string{"sampleconf"}},
	{"cmd/demo", nil},
}

// fences says which packages alone may import a module of others, and why.
var fences = []struct {
	path, reason string
	may          []string
}{
	{"gopkg.in/ini.v1", "how files are read is inifile's secret", []string{"supervisord/inifile"}},
	{"github.com/gorilla/rpc", "its types stay behind the door", []string{"supervisord/rpc", "supervisord/xmlrpc", "supervisord/httpd"}},
	{"github.com/urfave/cli", "command lines belong to programs", []string{"supervisord/front", "cmd/demo"}},
	{"golang.org/x/crypto", "how a password is hashed is password's secret", []string{"supervisord/password"}},
	{"github.com/peterh/liner", "only a shell edits lines", []string{"ctl/shell"}},
	{"os/exec", "it blocks a thread for each child and copies its output; spawn does neither",
		[]string{"supervisord/daemon", "supervisord/testkit", "supervisord/testkit/child"}},
	{"log", "there is one log, and it is structured", []string{"cmd/demo"}},
	{"supervisor/supervisord/testkit", "it is for tests", nil},
}

// pkg is what `go list` tells of a package. Imports leaves those of tests out.
type pkg struct {
	ImportPath string
	Imports    []string
	Dir        string
	Doc        string
	GoFiles    []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Dir,Doc,GoFiles", "./...")
	cmd.Dir = ".." // the root of the module
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(layers, func(l struct {
			name string
			may  []string
		}) bool {
			return l.name == name
		})
		if i < 0 {
			t.Errorf("%s stands in no layer", name)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !allows(layers[i].may, ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
		}
	}
}

func allows(may []string, name string) bool {
	return slices.Contains(may, "*") || slices.Contains(may, name) ||
		slices.Contains(may, strings.TrimPrefix(name, "supervisord/"))
}

func TestFences(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, f := range fences {
			for _, imported := range p.Imports {
				inside := imported == f.path || strings.HasPrefix(imported, f.path+"/") && strings.Contains(f.path, ".")
				if inside && !slices.Contains(f.may, name) && !strings.HasPrefix(name, "cmd/") {
					t.Errorf("%s must not import %s: %s", name, imported, f.reason)
				}
			}
		}
	}
}

func TestEveryPackageTellsItsJob(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		if strings.HasPrefix(p.ImportPath, module+"cmd/") {
			continue // a main says it in main.go
		}
		if _, err := os.Stat(filepath.Join(p.Dir, "doc.go")); err != nil {
			t.Errorf("%s has no doc.go", p.ImportPath)
		}
	}
}
