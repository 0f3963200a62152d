package config

import (
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/config/ctlconf"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/source/sourcetest"
)

// TestOptionsAreConsistent wants each row of the table to be complete.
func TestOptionsAreConsistent(t *testing.T) {
	t.Parallel()
	h := sourcetest.Host("/")
	shorts := ""
	for _, o := range Options() {
		if o.Help == "" {
			t.Errorf("%s has no help", o.Name)
		}
		if o.In == 0 && o.Flag == nil {
			t.Errorf("%s can be given nowhere", o.Name)
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

// TestOptionsAreACopy: nobody can change the table.
func TestOptionsAreACopy(t *testing.T) {
	t.Parallel()
	Options()[0].Name = "changed"
	if Options()[0].Name == "changed" {
		t.Error("the table was changed")
	}
}

// TestFieldsFitTypes stores a value of the type of each option in its field, and
// prints it.
func TestFieldsFitTypes(t *testing.T) {
	t.Parallel()
	structs := []any{new(Supervisord), new(Process), new(Numbering), new(Policy), new(Group), new(ctlconf.Settings)}
	for _, o := range Options() {
		if o.ValueType().String() == "" {
			t.Errorf("the type of %s has no name", o.Name)
		}
		if o.Field == nil {
			continue
		}
		i := slices.IndexFunc(structs, o.Field.Of)
		if i < 0 {
			t.Errorf("%s is in no struct", o.Name)
			continue
		}
		if o.Name != "socket" { // other code sets it
			o.Field.Set(structs[i], o.ValueType().Zero())
		}
		if !o.Extension || o.JSON != option.JSONOmitted {
			_ = o.ValueJSON(structs[i])
		}
		switch structs[i].(type) {
		case *Process, *Group:
			_ = o.ValueText(structs[i])
		}
	}
}
