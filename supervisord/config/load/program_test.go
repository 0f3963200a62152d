package load

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source/sourcetest"
)

// TestMakeProgram: it makes the same processes as a program in a file.
func TestMakeProgram(t *testing.T) {
	t.Parallel()
	const text = "command=%(here)s/x %(ENV_WORD)s\nnumprocs=2\nprocess_name=%(group_name)s-%(process_num)d\nstdout_logfile=none\n"
	c, err := loadText(t, "[supervisord]\n[group:g]\nprograms=p\n[program:p]\n"+text)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Input: section.Input{Path: c.Path, Host: sourcetest.Host(t.TempDir())}}
	options := map[string]string{"Command": "%(here)s/x %(ENV_WORD)s", "numprocs": "2", "process_name": "%(group_name)s-%(process_num)d",
		"stdout_logfile": "none", "": "nothing"}
	got, err := MakeProgram(o, "g", "p", options)
	if err != nil {
		t.Fatal(err)
	}
	want := c.Groups[0]
	if !want.Equal(&config.Group{Name: want.Name, Section: want.Section, Kind: want.Kind, Priority: want.Priority, Processes: got}) {
		t.Error(cmp.Diff(want.Processes[0].Command, got[0].Command))
	}
	for text, options := range map[string]map[string]string{
		"program section program:p does not specify a command in section 'program:p' (file: '" + c.Path + "')":                 {},
		"invalid literal for int() with base 10: 'x' in section 'program:p' (file: '" + c.Path + "')":                          {"command": "x", "startsecs": "x"},
		"%(process_num) must be present within process_name when numprocs > 1 in section 'program:p' (file: '" + c.Path + "')": {"command": "x", "numprocs": "2"},
	} {
		if _, err := MakeProgram(o, "g", "p", options); err == nil || err.Error() != text {
			t.Errorf("error %v, want %s", err, text)
		}
	}
}

func TestTwiddlerInterface(t *testing.T) {
	t.Parallel()
	c, err := loadText(t, minimal+"[rpcinterface:t]\nsupervisor.rpcinterface_factory="+option.TwiddlerRPCInterface+"\nwhitelist=log , getGroupNames\n")
	if err != nil {
		t.Fatal(err)
	}
	i := c.RPCInterfaces[0]
	if !i.Twiddler || i.BuiltIn || len(c.Warnings) > 0 {
		t.Errorf("%+v, %v", i, c.Warnings)
	}
	if diff := cmp.Diff([]string{"log", "getGroupNames"}, i.Whitelist); diff != "" {
		t.Error(diff)
	}
}
