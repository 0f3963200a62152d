package sampleconf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/load"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/tools/sampleconf"
)

// uncommentAll takes all semicolons away.
func uncommentAll(text string) string {
	return regexp.MustCompile(`(?m)^;([a-z_.]+=|\[)`).ReplaceAllString(text, "$1")
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, text string) *config.Config {
	t.Helper()
	conf, err := load.Config(load.Options{Input: section.Input{Path: write(t, text), Program: "supervisord", Host: source.ThisHost()}})
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func TestSampleIsValid(t *testing.T) {
	t.Parallel()
	conf := mustLoad(t, sampleconf.Text())
	if len(conf.Servers) != 1 || conf.Servers[0].Path != "/tmp/supervisor.sock" || len(conf.RPCInterfaces) != 1 {
		t.Errorf("it can't be reached: %+v", conf)
	}
	if len(conf.Groups) > 0 {
		t.Errorf("it starts %s", conf.Groups[0].Name)
	}
}

// What is set in the sample, or is no example, changes nothing.
func TestSampleSetsDefaults(t *testing.T) {
	t.Parallel()
	minimal := "[supervisord]\nlogfile=/tmp/supervisord.log\npidfile=/tmp/supervisord.pid\n"
	want, got := mustLoad(t, minimal).Supervisord, mustLoad(t, sampleconf.Text()).Supervisord
	want.ServerURL = "unix:///tmp/supervisor.sock"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUncommentedSampleIsValid(t *testing.T) {
	t.Parallel()
	conf := mustLoad(t, uncommentAll(sampleconf.Text()))
	var names []string
	for _, g := range conf.Groups {
		names = append(names, g.Name)
	}
	if diff := cmp.Diff([]string{"listener", "names"}, names); diff != "" {
		t.Error(diff)
	}
	if len(conf.Warnings) != 1 || !strings.HasPrefix(conf.Warnings[0], "No file matches via include") {
		t.Errorf("it warns: %q", conf.Warnings)
	}
}

func TestSampleHasAllOptions(t *testing.T) {
	t.Parallel()
	text := sampleconf.Text()
	for _, o := range config.Options() {
		for _, header := range o.In.Headers() {
			kind, _, _ := strings.Cut(header, ":")
			if kind == "ctlplugin" {
				continue // there are none to name
			}
			if o.Extension && o.In == option.InPrograms && kind != "program" {
				continue // the same as there
			}
			_, rest, ok := strings.Cut(uncommentAll(text), "\n["+kind)
			section, _, _ := strings.Cut(rest, "\n\n")
			if !ok || strings.Count(section, "\n"+o.Name+"=") != 1 {
				t.Errorf("[%s] %s does not stand there once", header, o.Name)
			}
		}
	}
}

// TestSupervisorReadsTheSample asks Supervisor's own reader.
func TestSupervisorReadsTheSample(t *testing.T) {
	t.Parallel()
	const read = "import sys; from supervisor.options import ServerOptions; o = ServerOptions(); o.realize(['-c', sys.argv[1]]); " +
		"print(' '.join(g.name for g in o.process_group_configs))"
	python, err := exec.LookPath("/usr/bin/python3")
	if err != nil || exec.Command(python, "-c", "import supervisor.options").Run() != nil {
		t.Skip("SKIPPED: there is no Supervisor to read the sample")
	}
	for text, want := range map[string]string{
		sampleconf.Text():               "",
		uncommentAll(sampleconf.Text()): "listener names",
	} {
		out, err := exec.Command(python, "-c", read, write(t, text)).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%v: got %s, want %s", err, out, want)
		}
	}
}
