package config

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/config/ctlconf"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/source/sourcetest"
)

// TestOptionsAreConsistent: each row of the table is complete.
func TestOptionsAreConsistent(t *testing.T) {
	t.Parallel()
	h := sourcetest.Host("/")
	shorts := ""
	for _, o := range Options() {
		if o.Help == "" {
			t.Errorf("%s has no help", o.Name)
		}
		if o.In == 0 && o.Flag == nil {
			t.Errorf("%s is neither in a section nor on the command line", o.Name)
		}
		if o.Default != "" && !strings.Contains(o.Default, "%") {
			if _, err := o.Parse(&h, o.Default); err != nil {
				t.Errorf("default of %s: %v", o.Name, err)
			}
		}
		if o.Flag == nil {
			continue
		}
		if short := o.Flag.Short; short != "" && strings.ContainsAny(shorts, short) {
			t.Errorf("-%s is taken", short)
		}
		shorts += o.Flag.Short
	}
}

func TestOptionsAreUnique(t *testing.T) {
	t.Parallel()
	for in := option.InSupervisord; in <= option.InSocket; in <<= 1 {
		names := options.Names(in)
		slices.Sort(names)
		if got := slices.Compact(slices.Clone(names)); len(got) != len(names) {
			t.Errorf("%v has an option twice: %q", in.Headers(), names)
		}
		if len(names) == 0 {
			t.Errorf("%v has no options", in.Headers())
		}
	}
}

// TestOptionsAreACopy: a caller can't change the table.
func TestOptionsAreACopy(t *testing.T) {
	t.Parallel()
	Options()[0].Name = "changed"
	if Options()[0].Name == "changed" {
		t.Error("the table was changed")
	}
}

// sampleTexts are texts of options that have no default.
var sampleTexts = map[string]string{
	"depends_on": "a", "env_file": "/a", "environment": "A=1", "exit_on": "fatal", "health": "tcp://a:1", "ready": "tcp://a:1",
	"reload_signal": "HUP", "restart_limit": "5/10m", "stop_scope": "tree", "stop_sequence": "KILL", "wait_for": "tcp://a:1",
	"umask": "022", "user": "root", "killasgroup": "true", "directory": "/", "childlogdir": "/", "state_file": "/a", "events": "TICK_5",
}

// TestFieldsFitTypes stores a value of each option in its field and prints it.
func TestFieldsFitTypes(t *testing.T) {
	t.Parallel()
	h := sourcetest.Host("/")
	for _, o := range Options() {
		if o.ValueType().Name == "" {
			t.Errorf("the type of %s has no name", o.Name)
		}
		if o.Field == nil || o.Name == "socket" { // other code sets that
			continue
		}
		structs := []any{new(Supervisord), new(Process), new(Numbering), new(Policy), new(Group), new(ctlconf.Settings)}
		i := slices.IndexFunc(structs, o.HasFieldIn)
		if i < 0 {
			t.Errorf("%s is in no struct", o.Name)
			continue
		}
		value, err := o.Parse(&h, cmp.Or(o.Default, sampleTexts[o.Name]))
		if err != nil {
			t.Errorf("%s: %v", o.Name, err)
			continue
		}
		o.Set(structs[i], value)
		o.ValueJSON(structs[i])
		if o.ValueText(structs[i]); !o.Equal(structs[i], structs[i]) {
			t.Errorf("%s differs from itself", o.Name)
		}
	}
}
