package load

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/config/source/sourcetest"
)

const minimal = "[supervisord]\n[program:a]\ncommand=/bin/a\n"

// loadText writes a main file into a new directory and loads it from there.
func loadText(t *testing.T, text string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "supervisord.conf"), []byte(text))
	return Config(Options{Input: section.Input{Path: "supervisord.conf", Host: sourcetest.Host(dir)}})
}

func TestSearchOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Options{Input: section.Input{Program: filepath.Join(dir, "opt", "bin", "supervisord"), Host: sourcetest.Host(dir)}}
	for _, path := range []string{"etc/supervisord.conf", "supervisord.conf", "opt/supervisord.conf", "opt/etc/supervisord.conf"} {
		write(t, filepath.Join(dir, path), []byte(minimal))
		c, err := Config(o)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(dir, path); c.Path != want {
			t.Errorf("read %s, want %s", c.Path, want)
		}
	}
}

func TestFileErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		"nowhere.conf": "could not find config file nowhere.conf",
		".":            "could not read config file .",
	} {
		_, err := Config(Options{Input: section.Input{Path: path, Host: sourcetest.Host(dir)}})
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", path, err, want)
		}
	}
}

// TestSyntaxErrors are worded like Python's exceptions.
func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      ".ini file does not include supervisord section",
		"x=1\n":                 "File contains no section headers.\nfile: 'supervisord.conf', line: 1\n'x=1\\n'",
		"\n[a]\njunk\n\n= 1":    "Source contains parsing errors: 'supervisord.conf'\n\t[line  3]: 'junk\\n'\n\t[line  5]: '= 1'",
		"[supervisord]\nx=\x80": "'utf-8' codec can't decode byte 0x80 in position 16: invalid start byte",
		"\xe2\x82x":             "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte",
		"\xe2\x82":              "'utf-8' codec can't decode bytes in position 0-1: unexpected end of data",
		"\xe2(":                 "'utf-8' codec can't decode byte 0xe2 in position 0: invalid continuation byte",
	} {
		if _, err := loadText(t, text); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// TestErrorOrder: the first error is the one that Supervisor reports.
func TestErrorOrder(t *testing.T) {
	t.Parallel()
	_, err := loadText(t, "[supervisord]\nloglevel=loud\n[program:a]\nstopsignal=X\nstartsecs=soon\n[unix_http_server]\nchmod=rwx\nfile=x\n")
	list, ok := errors.AsType[section.Errors](err)
	if !ok {
		t.Fatalf("error is a %T", err)
	}
	var texts []string
	for _, e := range list {
		texts = append(texts, e.Text)
	}
	const suffix = " in section 'program:a' (file: 'supervisord.conf')"
	want := []string{
		"bad logging level name 'loud'",
		"invalid literal for int() with base 10: 'soon'" + suffix,
		"value 'X' is not a valid signal name" + suffix,
		"program section program:a does not specify a command" + suffix,
		"Invalid chmod value rwx",
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
	first, ok := errors.AsType[*section.Error](err)
	if !ok || first.Line != 2 || first.Section != "supervisord" || first.Option != "loglevel" || first.Value != "loud" {
		t.Errorf("first error is at %+v", first)
	}
}

func TestCommandLineOverridesFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c.conf"), []byte(minimal+"[supervisord]\nidentifier=file\nloglevel=warn\nuser=nosuch\n"))
	host := sourcetest.Host(dir)
	v, err := ParseCommandLine([]string{"-nk", "-i", "line", "-l", "x.log", "-u", "web"}, host)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Config(Options{Input: section.Input{Path: "c.conf", Overrides: v.Overrides, Host: host}})
	if err != nil {
		t.Fatal(err)
	}
	s := c.Supervisord
	if s.Identifier != "line" || s.LogLevel != 30 || s.Logfile != dir+"/x.log" || !s.NoDaemon || !s.NoCleanup || s.Silent || *s.UID != 1000 {
		t.Errorf("got %+v", s)
	}
}

// TestReloadDropsOldEnvironment: variables that were removed from the file are gone.
func TestReloadDropsOldEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.conf")
	o := Options{Input: section.Input{Path: "c.conf", Host: sourcetest.Host(dir)}}
	const use = "[program:a]\ncommand=%(ENV_NEW)s\n"
	write(t, path, []byte("[supervisord]\nenvironment=NEW=1\n"+use))
	if c, err := Config(o); err != nil || c.Groups[0].Processes[0].Command != "1" {
		t.Fatal(err)
	}
	write(t, path, []byte("[supervisord]\n"+use))
	if _, err := Config(o); err == nil || !strings.Contains(err.Error(), "names ('ENV_NEW')") {
		t.Errorf("error %v", err)
	}
}

func TestServerURL(t *testing.T) {
	t.Parallel()
	const unix, one, two = "[unix_http_server]\nfile=~/s\n", "[inet_http_server]\nport=9001\n", "[inet_http_server:2]\nport=h:2\n"
	for servers, want := range map[string]string{
		"": "", one: "http://localhost:9001", one + two: "http://h:2", one + unix: "unix:///home/me/s",
	} {
		c, err := loadText(t, minimal+servers)
		if err != nil {
			t.Fatal(err)
		}
		if c.Supervisord.ServerURL != want {
			t.Errorf("%q: %q, want %q", servers, c.Supervisord.ServerURL, want)
		}
	}
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	const section = "[supervisord]\n[rpcinterface:x]\nextra=%(ENV_WORD)s\nsupervisor.rpcinterface_factory="
	for factory, want := range map[string]string{
		"my.module":                  "my.module cannot be resolved within [rpcinterface:x]: No module named 'my'",
		"my.module:":                 "my.module: cannot be resolved within [rpcinterface:x]: No module named 'my'",
		"my module:f":                "my module:f cannot be resolved within [rpcinterface:x]: No module named 'my module'",
		":f":                         ":f cannot be resolved within [rpcinterface:x]: No module named ''",
		"":                           " cannot be resolved within [rpcinterface:x]: No module named ''",
		"supervisor.mine:f":          "supervisor.mine:f cannot be resolved within [rpcinterface:x]: No module named 'supervisor.mine'",
		"supervisor.rpcinterface:no": "supervisor.rpcinterface:no cannot be resolved within [rpcinterface:x]: module 'supervisor.rpcinterface' has no attribute 'no'",
	} {
		if _, err := loadText(t, section+factory); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	c, err := loadText(t, section+option.MainRPCInterface)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.RPCInterface{{Name: "x", Section: "rpcinterface:x", Factory: option.MainRPCInterface,
		Options: map[string]string{"extra": "two words"}, BuiltIn: true}}
	if diff := cmp.Diff(want, c.RPCInterfaces); diff != "" {
		t.Error(diff)
	}
}

// TestPythonPluginsWarn: a plug-in in Python is a warning, and the rest of the
// configuration works.
func TestPythonPluginsWarn(t *testing.T) {
	t.Parallel()
	for _, factory := range []string{"my.module:f", "my_module : make.it [extra]", "supervisorette:f"} {
		c, err := loadText(t, minimal+"[rpcinterface:x]\nsupervisor.rpcinterface_factory="+factory+"\n")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"[rpcinterface:x] asks for " + factory + ", which is Python and can't be loaded here; " +
			"its methods are missing, remove the section if no client calls them"}
		if diff := cmp.Diff(want, c.Warnings); diff != "" || c.RPCInterfaces[0].BuiltIn {
			t.Errorf("%+v\n%s", c.RPCInterfaces, diff)
		}
	}
	const listener = minimal + "[eventlistener:x]\ncommand=x\nevents=TICK_5\nresult_handler=my.module:f\n"
	want := "my.module:f cannot be resolved within [eventlistener:x]: No module named 'my'"
	if _, err := loadText(t, listener); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestResolveAllowsPlugin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c.conf"), []byte(minimal+"[rpcinterface:x]\nsupervisor.rpcinterface_factory=a:b\n"))
	c, err := Config(Options{Input: section.Input{Path: "c.conf", Host: sourcetest.Host(dir), Resolve: func(string) error { return nil }}})
	if err != nil || c.RPCInterfaces[0].BuiltIn {
		t.Errorf("got %+v, %v", c, err)
	}
}

// TestGroupedFastCGIKeepsItsSocket: it can't work without one.
func TestGroupedFastCGIKeepsItsSocket(t *testing.T) {
	t.Parallel()
	c, err := loadText(t, minimal+"[fcgi-program:f]\ncommand=f\nsocket=tcp://H:80\n[group:g]\nprograms=a,f\n")
	if err != nil {
		t.Fatal(err)
	}
	list := c.Groups[0].Processes
	if list[0].Socket != nil || list[1].Socket == nil || list[1].Socket.URL != "tcp://h:80" || list[1].Kind != config.FastCGI {
		t.Errorf("sockets %+v, %+v", list[0].Socket, list[1].Socket)
	}
}

// TestAllowedHosts: names are compared without regard to case and final dots. A
// server without the option has none.
func TestAllowedHosts(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"": nil,
		"allowed_hosts = Box.Example.org., *.wild ,web": {"box.example.org", "*.wild", "web"},
		"allowed_hosts = *":                             {"*"},
	} {
		c, err := loadText(t, minimal+"[inet_http_server]\nport=9001\n"+line+"\n")
		if err != nil || len(c.Servers) != 1 || !slices.Equal(c.Servers[0].AllowedHosts, want) {
			t.Errorf("%q: %v, %v", line, c, err)
		}
	}
}

func TestStrictRefusesToLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c.conf"), []byte("[supervisord]\n[program:a]\ncommand=/bin/cat\nstartsec=3\n"))
	o := Options{Input: section.Input{Path: "c.conf", Host: sourcetest.Host(dir)}}
	if _, err := Config(o); err != nil {
		t.Fatal(err)
	}
	o.Overrides = section.Overrides{"strict": true}
	_, err := Config(o)
	if want := "c.conf:4: [program:a] startsec = 3: unknown option, did you mean startsecs?"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// BenchmarkLoad reads a file of a thousand programs, a start-up cost.
func BenchmarkLoad(b *testing.B) {
	var text strings.Builder
	text.WriteString("[supervisord]\n[unix_http_server]\nfile=%(here)s/s.sock\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "[program:p%d]\ncommand=/bin/echo %%(program_name)s ; a comment\nenvironment=A=\"1\",B=\"%%(here)s\"\n"+
			"autostart=false\nstopsignal=QUIT\nstdout_logfile=NONE\nstartsecs=5\n", i)
	}
	path := filepath.Join(b.TempDir(), "c.conf")
	write(b, path, []byte(text.String()))
	o := Options{Input: section.Input{Path: path, Host: source.ThisHost()}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Config(o); err != nil {
			b.Fatal(err)
		}
	}
}
