package xmlrpc

import (
	"fmt"
	"math"
	"reflect"
)

// DecodeResponse decodes a methodResponse. The value is stored where reply points to; a
// nil reply discards it. A fault is returned as *Fault.
//
// A struct element fills a map, or a Go struct by its json tags; members without a field
// are skipped. An array fills a slice, or the fields of a Go struct in their order. A
// value of the wrong type is an error.
func DecodeResponse(body []byte, reply any) error {
	scan, err := newScanner(body, math.MaxInt)
	if err != nil {
		return err
	}
	s := decoder{scan, map[reflect.Type][]string{}}
	if _, err := s.root(); err != nil {
		return err
	}
	name, err := s.child()
	if err != nil {
		return err
	}
	switch string(name) {
	case "fault":
		return s.fault()
	case "params":
	default:
		return s.fail("neither params nor fault")
	}
	for _, name := range []string{"param", "value"} {
		if err := s.expect(name); err != nil {
			return err
		}
	}
	if reply == nil {
		return nil
	}
	return s.into(reflect.ValueOf(reply).Elem())
}

// decoder is a scanner that fills Go values.
type decoder struct {
	*scanner
	names map[reflect.Type][]string // names of fields, by type of struct
}

// into reads the content of a value element into v.
func (s decoder) into(v reflect.Value) error {
	if v.Kind() == reflect.Interface {
		got, err := s.value()
		if err == nil && got != nil {
			v.Set(reflect.ValueOf(got))
		}
		return err
	}
	text, err := s.text()
	if err != nil {
		return err
	}
	name, err := s.child()
	if err != nil {
		return err
	}
	switch string(name) {
	case "":
		return s.set(v, string(text))
	case "array":
		err = s.arrayInto(v)
	case "struct":
		err = s.structInto(v)
	default:
		err = s.scalarInto(v, name)
	}
	if err != nil {
		return err
	}
	return s.leave()
}

// scalarInto reads the content of an element of a simple type and leaves it. Strings, the
// most frequent type, are stored without an allocation for an interface value.
func (s decoder) scalarInto(v reflect.Value, kind []byte) error {
	if v.Kind() == reflect.String && string(kind) == "string" {
		text, err := s.text()
		if err != nil {
			return err
		}
		v.SetString(string(text))
		return s.leave()
	}
	got, err := s.scalar(string(kind))
	if err != nil {
		return err
	}
	return s.set(v, got)
}

// set stores a simple value in v, if v has a fitting kind.
func (s decoder) set(v reflect.Value, got any) error {
	from := reflect.ValueOf(got)
	switch got := got.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(got)
			return nil
		}
	case int64:
		if v.CanInt() && !v.OverflowInt(got) {
			v.SetInt(got)
			return nil
		}
	default:
		if from.IsValid() && from.Type().AssignableTo(v.Type()) {
			v.Set(from)
			return nil
		}
	}
	return s.fail(fmt.Sprintf("%T where %v was expected", got, v.Type()))
}

// arrayInto reads the content of an array element into a slice, or into the fields of a
// struct in their order.
func (s decoder) arrayInto(v reflect.Value) error {
	if k := v.Kind(); k != reflect.Slice && k != reflect.Struct {
		return s.fail(fmt.Sprintf("array where %v was expected", v.Type()))
	}
	if err := s.expect("data"); err != nil {
		return err
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	for i := 0; ; i++ {
		name, err := s.child()
		if err != nil {
			return err
		}
		if name == nil {
			return s.leave()
		}
		if v.Kind() == reflect.Slice {
			v.Grow(1)
			v.SetLen(i + 1)
			err = s.into(v.Index(i))
		} else if i < v.NumField() {
			err = s.into(v.Field(i))
		} else {
			err = s.leave()
		}
		if err != nil {
			return err
		}
	}
}

// structInto reads the content of a struct element into a map, or into the fields of a
// struct by their names on the wire.
func (s decoder) structInto(v reflect.Value) error {
	if v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String {
		return s.mapInto(v)
	}
	if v.Kind() != reflect.Struct {
		return s.fail(fmt.Sprintf("struct where %v was expected", v.Type()))
	}
	names, ok := s.names[v.Type()]
	if !ok {
		names = fields(v.Type())
		s.names[v.Type()] = names
	}
	for next := 0; ; next++ {
		name, ok, err := s.member()
		if !ok || err != nil {
			return err
		}
		if next = find(names, name, next); next < len(names) {
			err = s.into(v.Field(next))
		} else {
			err = s.leave()
		}
		if err != nil {
			return err
		}
		if err := s.leave(); err != nil {
			return err
		}
	}
}

// mapInto reads the content of a struct element into a new map. Of two members with one
// name the last one counts.
func (s decoder) mapInto(v reflect.Value) error {
	v.Set(reflect.MakeMap(v.Type()))
	for {
		name, ok, err := s.member()
		if !ok || err != nil {
			return err
		}
		key := reflect.ValueOf(string(name)).Convert(v.Type().Key())
		value := reflect.New(v.Type().Elem()).Elem()
		if err := s.into(value); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
		if err := s.leave(); err != nil {
			return err
		}
	}
}

// find returns the index of a name, or len(names). Members usually come in the order of
// the fields, so it tries the expected index first.
func find(names []string, name []byte, expected int) int {
	if len(name) == 0 {
		return len(names) // "" in names is a field that is not encoded
	}
	if expected < len(names) && names[expected] == string(name) {
		return expected
	}
	for i := range names {
		if names[i] == string(name) {
			return i
		}
	}
	return len(names)
}
