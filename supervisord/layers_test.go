package supervisord_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "supervisor/"

// layers says which packages of ours each package may import, from the leaves
// upwards. Names leave out supervisord/. A new package needs a row, or the test
// fails.
var layers = []struct {
	name    string
	allowed []string
}{
	{"supervisord/api/states", nil},
	{"supervisord/api/faults", nil},
	{"supervisord/api/namespec", nil},
	{"supervisord/config/shlex", nil},
	{"supervisord/config/python", nil},
	{"supervisord/config/getopt", nil},
	{"supervisord/config/cmdline", []string{"config/getopt"}},
	{"supervisord/config/inifile", []string{"config/python"}},
	{"supervisord/system/inherited", nil},
	{"supervisord/system/boottime", nil},
	{"supervisord/system/descriptors", nil},
	{"supervisord/system/errno", nil},
	{"supervisord/system/executable", nil},
	{"supervisord/system/buildinfo", nil},
	{"supervisord/system/epoll", nil},
	{"supervisord/system/pipes", nil},
	{"supervisord/system/procfs", nil},
	{"supervisord/system/pidfd", []string{"system/procfs"}},
	{"supervisord/system/accounts", []string{"system/errno"}},
	{"supervisord/system/safeopen", nil},
	{"supervisord/system/localtime", nil},
	{"supervisord/system/inetaddr", nil},
	{"supervisord/system/sockets", []string{"system/inetaddr", "system/safeopen"}},
	{"supervisord/logs/printable", nil},
	{"supervisord/server/hostheader", []string{"system/inetaddr"}},
	{"supervisord/config/password", nil},
	{"supervisord/config/envfile", nil},
	{"supervisord/config/depends", nil},
	{"supervisord/api/xmlrpc", []string{"api/faults", "system/inetaddr"}},
	{"supervisord/api", []string{"api/states"}},
	{"supervisord/config/source", []string{"system/accounts", "config/python"}},
	{"supervisord/config/source/sourcetest", []string{"config/source"}},
	{"supervisord/config/option", []string{"api/signals", "config/python", "config/source"}},
	{"supervisord/config/section", []string{"config/inifile", "config/option", "config/python", "config/source"}},
	{"supervisord/config/ctlconf", []string{"config/option", "config/python", "config/section"}},
	{"supervisord/config/load", []string{"config", "config/lint", "config/depends", "config/envfile", "config/getopt", "config/option", "config/password", "config/python", "config/section", "config/shlex", "config/source"}},
	{"supervisord/config", []string{"config/ctlconf", "config/option", "config/python", "config/shlex", "config/source"}},
	{"supervisord/config/lint", []string{"config", "config/shlex"}},
	{"supervisord/events", []string{"api/states"}},
	{"supervisord/logs", []string{"logs/printable", "config/python", "system/safeopen"}},
	{"supervisord/logs/timestamp", nil},
	{"supervisord/logs/history", []string{"logs", "logs/timestamp"}},
	{"supervisord/api/signals", nil},
	{"supervisord/system/notify", []string{"system/epoll", "system/pipes", "system/procfs", "system/descriptors"}},
	{"supervisord/spawn/output", []string{"system/epoll", "system/pipes", "system/safeopen"}},
	{"supervisord/spawn/descendants", []string{"system/epoll", "system/pidfd", "system/procfs"}},
	{"supervisord/spawn", []string{"spawn/descendants", "spawn/output", "system/accounts", "system/epoll", "system/errno", "system/executable", "system/pidfd", "system/pipes", "system/procfs", "api/signals"}},
	{"supervisord/spawn/survivors", []string{"spawn", "system/procfs"}},
	{"supervisord/policy/probe", []string{"config", "logs/printable", "spawn"}},
	{"supervisord/process/machine", []string{"api/signals", "config", "api/states", "api/faults", "events", "logs", "spawn", "spawn/descendants", "config/option", "system/boottime"}},
	{"supervisord/process/launch", []string{"api/faults", "config", "config/envfile", "config/python", "config/shlex", "spawn", "spawn/output", "system/accounts", "system/executable"}},
	{"supervisord/process/hook", []string{"api/signals", "config", "spawn", "spawn/output", "config/option"}},
	{"supervisord/process/runs", []string{"spawn", "system/boottime"}},
	{"supervisord/process", []string{"process/runs", "process/machine", "process/launch", "process/hook", "api/faults", "api/namespec", "api/signals", "api/states", "config", "config/python", "events", "logs", "spawn", "spawn/descendants", "system/errno", "system/pidfd", "system/sockets", "system/boottime", "system/descriptors"}},
	{"supervisord/events/listener", []string{"config/python", "config", "api/states", "events", "process", "logs", "config/option"}},
	{"supervisord/policy/health", []string{"process/machine", "api", "config", "logs", "api/namespec", "system/notify", "logs/printable", "policy/probe", "process", "api/signals", "spawn", "api/states", "config/option", "system/descriptors"}},
	{"supervisord/process/activation", []string{"api", "system/sockets", "config", "process", "spawn", "system/descriptors"}},
	{"supervisord/recovery/journal", []string{"process/runs", "process", "system/procfs"}},
	{"supervisord/supervisor/order", []string{"config", "config/depends", "api/states", "process", "config/option"}},
	{"supervisord/supervisor/report", []string{"supervisor/order", "config", "api", "api/states", "api/faults", "process", "config/option"}},
	{"supervisord/supervisor/ticks", []string{"events"}},
	{"supervisord/supervisor/loaded", []string{"config", "config/source", "logs", "process"}},
	{"supervisord/supervisor/groups", []string{"supervisor/order", "events/listener", "process", "api/namespec"}},
	{"supervisord/supervisor/starts", []string{"supervisor/order", "supervisor/groups", "process", "config", "api/states", "api/faults", "config/option"}},
	{"supervisord/supervisor/shutdown", []string{"supervisor/order", "supervisor/groups", "process", "config", "config/option"}},
	{"supervisord/supervisor/wait", []string{"supervisor/report", "process", "config", "api/states", "api/faults"}},
	{"supervisord/supervisor/clientlogs", []string{"api/signals", "logs/history", "logs/printable", "process/runs", "system/boottime", "supervisor/report", "process", "logs", "api", "api/faults"}},
	{"supervisord/supervisor", []string{"supervisor/order", "supervisor/report", "supervisor/ticks", "supervisor/loaded", "supervisor/groups", "supervisor/starts", "supervisor/shutdown", "supervisor/wait", "supervisor/clientlogs", "system/sockets", "config", "api/states", "api/faults", "events", "logs", "process", "events/listener", "api/namespec", "api", "process/activation", "config/source", "config/option", "system/descriptors"}},
	{"supervisord/policy/exitpolicy", []string{"process/machine", "config", "process", "api/signals", "api/states"}},
	{"supervisord/policy/rolling", []string{"supervisor", "process", "config", "api/states", "api/faults", "api/namespec", "api", "config/option"}},
	{"supervisord/server/longtext", []string{"logs"}},
	{"supervisord/server/rpc", []string{"supervisor", "server/longtext", "logs", "config/python", "api/states", "api/faults", "api/namespec", "api", "api/xmlrpc"}},
	{"supervisord/server/web", []string{"supervisor", "server/longtext", "logs", "api/states", "api/faults", "api/namespec", "api", "config", "server/hostheader"}},
	{"supervisord/server/httpd/tolerant", []string{"server/hostheader"}},
	{"supervisord/server/httpd/conns", []string{"server/httpd/tolerant"}},
	{"supervisord/server/httpd/fastpath", []string{"server/httpd/conns"}},
	{"supervisord/server/httpd", []string{"logs/history", "events", "server/httpd/conns", "server/httpd/fastpath", "server/httpd/tolerant", "server/hostheader", "system/inetaddr", "server/rpc", "system/sockets", "system/safeopen", "config/password", "config", "logs", "api/faults", "system/descriptors"}},
	{"supervisord/system/daemon", []string{"system/accounts", "system/executable", "system/safeopen", "system/inherited", "config/source"}},
	{"supervisord/system/memory", nil},
	{"supervisord/recovery", []string{"process/hook", "process/machine", "api/namespec", "api/states", "config", "config/shlex", "config/source", "events/listener", "logs", "policy/health", "process", "process/activation", "recovery/journal", "server/httpd", "spawn", "spawn/output", "spawn/survivors", "supervisor", "system/daemon", "system/notify", "system/pidfd", "system/procfs", "system/boottime", "system/descriptors"}},
	{"supervisord", []string{"*"}},
	{"supervisord/tools/compat", []string{"ctl", "config", "events", "server/rpc", "config/option"}},
	{"supervisord/tools/manpages", []string{"ctl", "ctl/action", "config", "config/getopt", "config/load", "config/option"}},
	{"supervisord/tools/pidproxy", nil},
	{"supervisord/tools/sampleconf", []string{"config", "config/option"}},
	{"supervisord/tools/testkit", nil},
	{"supervisord/tools/testkit/child", nil},
	{"supervisord/tools/testkit/chaos", nil},
	{"supervisord/tools/testkit/e2e", []string{"supervisord", "spawn", "api/xmlrpc", "tools/testkit"}},
	{"supervisord/tools/testkit/linewriter", nil},
	{"supervisord/tools/testkit/linewriter/program", []string{"tools/testkit/linewriter"}},
	{"supervisord/tools/e2e/compatibility", nil},
	{"supervisord/tools/e2e/faults", nil},
	{"supervisord/tools/e2e/lifecycle", nil},
	{"supervisord/tools/e2e/recovery", nil},
	{"supervisord/tools/e2e/rolling", nil},
	{"supervisord/tools/e2e/security", nil},
	{"supervisord/tools/e2e/sockets", nil},
	{"supervisord/tools/e2e/upgrade", nil},
	{"ctl/shell", nil},
	{"ctl/names", []string{"api", "api/namespec"}},
	{"ctl/action", []string{"config/shlex", "config", "config/option"}},
	{"ctl/session", []string{"events", "ctl/action", "ctl/shell", "config", "config/python", "api", "api/faults", "api/xmlrpc", "logs/printable", "config/ctlconf"}},
	{"ctl/control", []string{"ctl/names", "ctl/action", "ctl/session", "config", "config/python", "api", "api/faults", "api/namespec", "api/xmlrpc", "config/option"}},
	{"ctl/follow", []string{"ctl/names", "logs/timestamp", "ctl/action", "ctl/session", "config/python", "api", "api/faults", "api/states", "api/xmlrpc"}},
	{"ctl/inspect", []string{"ctl/follow", "ctl/names", "ctl/action", "ctl/session", "config/depends", "api", "api/faults", "api/namespec", "api/states", "logs/printable"}},
	{"ctl", []string{"system/buildinfo", "ctl/action", "ctl/control", "ctl/follow", "ctl/inspect", "ctl/session", "ctl/shell", "config", "config/cmdline", "config/getopt", "config/python", "config/source", "config/ctlconf", "config/section"}},
	{"cmd/supervisord", []string{"supervisord", "spawn"}},
	{"cmd/supervisorctl", []string{"ctl"}},
	{"cmd/pidproxy", []string{"tools/pidproxy"}},
	{"cmd/echo_supervisord_conf", []string{"tools/sampleconf"}},
	{"cmd/demo", nil},
}

// restrictedImports says which packages may import a module, and why the others may not.
var restrictedImports = []struct {
	path, reason string
	allowed      []string
}{
	{"gopkg.in/ini.v1", "only inifile reads configuration files", []string{"supervisord/config/inifile"}},
	{"github.com/gorilla/rpc", "its types stay inside the server", []string{"supervisord/server/rpc", "supervisord/api/xmlrpc", "supervisord/server/httpd"}},
	{"github.com/urfave/cli", "only the programs have command lines", []string{"supervisord/config/cmdline", "cmd/demo"}},
	{"golang.org/x/crypto", "only password hashes passwords", []string{"supervisord/config/password"}},
	{"github.com/peterh/liner", "only the shell edits lines", []string{"ctl/shell"}},
	{"os/exec", "it blocks a thread for each child and copies its output; spawn does neither",
		[]string{"supervisord/system/daemon", "supervisord/tools/testkit", "supervisord/tools/testkit/child", "supervisord/tools/testkit/e2e"}},
	{"log", "there is one log, and it is structured", []string{"cmd/demo"}},
	{"supervisor/supervisord/tools/testkit", "it is for tests", []string{"supervisord/tools/testkit/e2e"}},
	{"supervisor/supervisord/config/source/sourcetest", "it is for tests", nil},
}

// pkg is what `go list` prints for a package. Imports does not include those of tests.
type pkg struct {
	ImportPath string
	Imports    []string
	Dir        string
	Doc        string
	GoFiles    []string
}

func listPackages(t *testing.T) []pkg {
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
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(layers, func(l struct {
			name    string
			allowed []string
		}) bool {
			return l.name == name
		})
		if i < 0 {
			t.Errorf("%s has no row in layers", name)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !mayImport(layers[i].allowed, ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
		}
	}
}

func mayImport(allowed []string, name string) bool {
	return slices.Contains(allowed, "*") || slices.Contains(allowed, name) ||
		slices.Contains(allowed, strings.TrimPrefix(name, "supervisord/"))
}

func TestRestrictedImports(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, f := range restrictedImports {
			for _, imported := range p.Imports {
				inside := imported == f.path || strings.HasPrefix(imported, f.path+"/") && strings.Contains(f.path, ".")
				if inside && !slices.Contains(f.allowed, name) && !strings.HasPrefix(name, "cmd/") {
					t.Errorf("%s must not import %s: %s", name, imported, f.reason)
				}
			}
		}
	}
}

// purePackages decide without doing anything: their results follow from their arguments.
var purePackages = []string{
	"supervisord/config/depends", "supervisord/process/machine", "supervisord/supervisor/order", "supervisord/supervisor/report",
}

// TestPurePackages have no goroutines and no locks, do no I/O, and read no clock.
func TestPurePackages(t *testing.T) {
	t.Parallel()
	impure := []string{"context", "sync", "sync/atomic", "os", "net", "io/fs"}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if !slices.Contains(purePackages, name) {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains(impure, imported) {
				t.Errorf("%s is pure and must not import %s", name, imported)
			}
		}
		for _, file := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if what := impurity(n); what != "" {
					t.Errorf("%s/%s is pure and must not use %s", name, file, what)
				}
				return true
			})
		}
	}
}

// impurity is what a piece of code must not do in a pure package, "" for nothing.
func impurity(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go"
	case *ast.SelectorExpr:
		x, isName := n.X.(*ast.Ident)
		if isName && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker"}, n.Sel.Name) {
			return "time." + n.Sel.Name
		}
	}
	return ""
}

func TestEveryPackageHasDoc(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		if strings.HasPrefix(p.ImportPath, module+"cmd/") {
			continue // the comment of a main package is in main.go
		}
		if _, err := os.Stat(filepath.Join(p.Dir, "doc.go")); err != nil {
			t.Errorf("%s has no doc.go", p.ImportPath)
		}
	}
}
