package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/config/option"
)

// TestDiffComparesAllFields: a change of any field is reported with the name of an
// existing option.
func TestDiffComparesAllFields(t *testing.T) {
	t.Parallel()
	for i := range reflect.TypeFor[Process]().NumField() {
		field := reflect.TypeFor[Process]().Field(i)
		if ignoredFields[field.Name] || field.Name == "Name" {
			continue // processes of two names are two processes
		}
		old, updated := &Process{}, &Process{}
		if diff := updated.Diff(old); diff != nil {
			t.Fatalf("two empty processes differ: %v", diff)
		}
		modify(t, reflect.ValueOf(updated).Elem().Field(i))
		diff := updated.Diff(old)
		if len(diff) == 0 {
			t.Errorf("a change of %s is not noticed", field.Name)
		}
		for _, c := range diff {
			name, _, _ := strings.Cut(c.Option, " ")
			if field.Name != "Kind" && options.Find(option.InPrograms, name) == nil {
				t.Errorf("a change of %s is reported as %q, which is not an option", field.Name, c.Option)
			}
		}
	}
}

// TestDiffComparesAllPolicies: each field of a Policy is in exactly one part.
func TestDiffComparesAllPolicies(t *testing.T) {
	t.Parallel()
	for i := range reflect.TypeFor[Policy]().NumField() {
		field := reflect.TypeFor[Policy]().Field(i)
		if field.Name == "Configured" || field.Name == "Written" {
			continue
		}
		old, updated := Policy{Configured: true}, Policy{Configured: true}
		setNonZero(t, reflect.ValueOf(&updated).Elem().Field(i))
		if diff := updated.diff(&old); len(diff) != 1 {
			t.Errorf("a change of %s is reported as %v", field.Name, diff)
		}
	}
	for _, part := range parts {
		for _, name := range part.options() {
			if options.Find(option.InPrograms, name) == nil {
				t.Errorf("there is no option %s", name)
			}
		}
	}
	for _, o := range options {
		listed := slices.ContainsFunc(parts, func(p part) bool { return p.name == o.Part && slices.Contains(p.options(), o.Name) })
		if o.Extension && o.In == option.InPrograms && !listed {
			t.Errorf("%s is in no part", o.Name)
		}
	}
}

// setNonZero sets a value to one that is not zero.
func setNonZero(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				setNonZero(t, v.Field(i))
				return
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		if v.Index(0).Kind() == reflect.Pointer {
			v.Index(0).Set(reflect.New(v.Type().Elem().Elem()))
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.Set(reflect.ValueOf(1).Convert(v.Type()))
	}
}
