package option

import (
	"testing"

	"supervisor/supervisord/config/python"
)

func testVars() *Vars {
	return &Vars{Here: "/h", Host: "host", Program: "prog", Group: "grp", Num: 7, Numprocs: 12,
		Env: map[string]string{"X": "x%s", "Y": "y"}, ProgramEnv: map[string]string{"Y": "own"}}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":            "plain",
		"%(here)s/%%d":     "/h/%d",
		"%(process_num)d":  "7",
		"%(process_num)s":  "7",
		"[%(numprocs)04d]": "[0012]",
		"[%(numprocs)-4d]": "[12  ]",
		"[%(numprocs)+4d]": "[ +12]",
		"%(process_num)#x": "0x7",
		"%(here)5s":        "   /h",
		"%(here).1s":       "/",
		"%(here)r":         "'/h'",
		"%(ENV_X)s":        "x%s",
		"%(ENV_Y)s":        "own",
		"é%(group_name)s":  "égrp",
	} {
		got, err := testVars().Expand(processNames, text, "where")
		if got != want || err != nil {
			t.Errorf("%q became %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestExpandErrors(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"100%":            "incomplete format",
		"%(here)":         "incomplete format",
		"% ":              "incomplete format",
		"%(here":          "incomplete format key",
		"%b":              "unsupported format character 'b' (0x62) at index 1",
		"a % b":           "unsupported format character 'b' (0x62) at index 4",
		"é%é":             "unsupported format character '?' (0xe9) at index 2",
		"%(here)d":        "%d format: a real number is required, not str",
		"%(here)x":        "%x format: an integer is required, not str",
		"%(here)f":        "must be real number, not str",
		"%(here)c":        "%c requires int or char",
		"%d":              "%d format: a real number is required, not dict",
		"%(here)s %z":     "not enough arguments for format string",
		"%*d":             "* wants int",
		"%(here)99999s":   "width too big",
		"%(here).99999s":  "precision too big",
		"%s":              "%s without a name",
		"%(process_num)%": "unsupported format character '%' (0x25) at index 14",
	} {
		_, err := testVars().Expand(processNames, text, "s.o")
		want := "Format string " + python.Repr(text) + " for 's.o' is badly formatted: " + why
		if err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestExpandUnknownName(t *testing.T) {
	t.Parallel()
	for names, want := range map[Names]string{
		0:                         "ENV_X, ENV_Y",
		NameHere:                  "ENV_X, ENV_Y, here",
		processNames:              "ENV_X, ENV_Y, group_name, here, host_node_name, numprocs, process_num, program_name",
		NameHere | NameProgramEnv: "ENV_OWN, ENV_X, ENV_Y, here",
	} {
		v := testVars()
		if names == NameHere|NameProgramEnv {
			v.ProgramEnv["OWN"] = ""
		}
		_, err := v.Expand(names, "%(no'pe)s", "s.o")
		prefix := `Format string "%(no'pe)s" for 's.o' contains names ("no'pe") which cannot be expanded. Available names: `
		if err == nil || err.Error() != prefix+want {
			t.Errorf("names %v: %v", names.List(), err)
		}
	}
}

func TestExpandAllowedNames(t *testing.T) {
	t.Parallel()
	if _, err := testVars().Expand(NameHere, "%(program_name)s", "s.o"); err == nil {
		t.Error("a name that is not allowed was expanded")
	}
	if got, err := testVars().Expand(NameHere, "%(ENV_Y)s", "s.o"); got != "y" || err != nil {
		t.Errorf("got %q, %v, want the environment's value", got, err)
	}
}

// processNames are all that an option of a process may refer to.
const processNames = NameHere | NameHost | NameProgram | NameGroup | NameNumber | NameProgramEnv
