package option

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervisord/config/source"
)

// Type is a type of options: what its text may say, and how the value is stored,
// compared and printed. A Type must not be changed once an option has it.
type Type struct {
	Name  string // in a few words, for the documentation
	Parse func(*source.Host, string) (any, error)

	// Set stores what Parse has returned in a field, given by its pointer. It is nil
	// if the field has the type of the value.
	Set func(field, value any)
	// Equal compares two fields, given by their pointers. It is nil for a comparison
	// with ==, or element by element.
	Equal func(a, b any) bool
	// Text writes the value of a field as one would in a file. Two values must have
	// one text exactly if they are equal. It is nil for Go's own text.
	Text func(value any) string
	// JSON returns the value of a field as JSON has it. It is nil for the value
	// itself.
	JSON func(value any) any
}

// Parser makes a Type's parser of a function that needs no host.
func Parser[V any](parse func(string) (V, error)) func(*source.Host, string) (any, error) {
	return func(_ *source.Host, s string) (any, error) { return parse(s) }
}

// HostParser makes a Type's parser of a function.
func HostParser[V any](parse func(*source.Host, string) (V, error)) func(*source.Host, string) (any, error) {
	return func(h *source.Host, s string) (any, error) { return parse(h, s) }
}

// The fields of thousands of processes are set and compared, so the common types
// do without reflection.

func (t *Type) set(field, value any) {
	if t.Set != nil {
		t.Set(field, value)
		return
	}
	switch f := field.(type) {
	case *int:
		*f = value.(int)
	case *int64:
		*f = value.(int64)
	case *bool:
		*f = value.(bool)
	case *string:
		*f = value.(string)
	default:
		reflect.ValueOf(field).Elem().Set(reflect.ValueOf(value))
	}
}

func (t *Type) equal(a, b any) bool {
	if t.Equal != nil {
		return t.Equal(a, b)
	}
	switch a := a.(type) {
	case *int:
		return *a == *b.(*int)
	case *int64:
		return *a == *b.(*int64)
	case *bool:
		return *a == *b.(*bool)
	case *string:
		return *a == *b.(*string)
	case *[]int:
		return slices.Equal(*a, *b.(*[]int))
	}
	if v := reflect.ValueOf(a).Elem(); v.CanInt() {
		return v.Int() == reflect.ValueOf(b).Elem().Int()
	}
	return reflect.DeepEqual(a, b)
}

func (t *Type) text(field any) string {
	value := valueOf(field)
	if t.Text != nil {
		return t.Text(value)
	}
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case []int:
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(v), "[]"), " ", ",")
	}
	return fmt.Sprint(value)
}

func (t *Type) json(field any) any {
	value := valueOf(field)
	if t.JSON != nil {
		return t.JSON(value)
	}
	return value
}

// valueOf returns the value of a field.
func valueOf(field any) any {
	switch f := field.(type) {
	case *int:
		return *f
	case *bool:
		return *f
	case *string:
		return *f
	}
	return reflect.ValueOf(field).Elem().Interface()
}
