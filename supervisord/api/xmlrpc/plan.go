package xmlrpc

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// plan describes how values of one type are encoded. The constant text before and after
// is separate, so that the plan of a struct can join it with its own.
type plan struct {
	before, after string
	content       func(dst []byte, v reflect.Value) ([]byte, error)
}

// value appends a value.
func (p plan) value(dst []byte, v reflect.Value) ([]byte, error) {
	dst, err := p.content(append(dst, p.before...), v)
	return append(dst, p.after...), err
}

// plan returns the plan of a type, from the cache if it is there.
func (e *Encoder) plan(t reflect.Type) (plan, error) {
	if p, ok := e.plans.Load(t); ok {
		return p.(plan), nil
	}
	p, err := e.newPlan(t)
	if err != nil {
		return plan{}, err
	}
	e.plans.Store(t, p)
	return p, nil
}

func (e *Encoder) newPlan(t reflect.Type) (plan, error) {
	if t == reflect.TypeFor[time.Time]() {
		return plan{content: func(dst []byte, v reflect.Value) ([]byte, error) {
			return appendTime(dst, v.Interface().(time.Time)), nil
		}}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return plan{beforeString, afterString, planString}, nil
	case reflect.Bool:
		return plan{content: planBool}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return plan{beforeInt, afterInt, planInt}, nil
	case reflect.Float32, reflect.Float64:
		return plan{content: planFloat}, nil
	case reflect.Interface:
		return plan{content: func(dst []byte, v reflect.Value) ([]byte, error) {
			return e.value(dst, v.Interface())
		}}, nil
	case reflect.Slice, reflect.Array:
		return e.planArray(t)
	case reflect.Struct:
		return e.planStruct(t)
	}
	return plan{}, fmt.Errorf("xmlrpc has no value for type %v", t)
}

func planString(dst []byte, v reflect.Value) ([]byte, error) {
	return appendText(dst, v.String()), nil
}

func planBool(dst []byte, v reflect.Value) ([]byte, error) {
	return appendBool(dst, v.Bool()), nil
}

func planInt(dst []byte, v reflect.Value) ([]byte, error) {
	return appendDigits(dst, v.Int()), nil
}

func planFloat(dst []byte, v reflect.Value) ([]byte, error) {
	return appendFloat(dst, v.Float()), nil
}

// planArray returns the plan of a slice or array. A nil slice is an empty array.
func (e *Encoder) planArray(t reflect.Type) (plan, error) {
	element, err := e.plan(t.Elem())
	if err != nil {
		return plan{}, err
	}
	element.after += "\n"
	content := func(dst []byte, v reflect.Value) ([]byte, error) {
		for i := range v.Len() {
			var err error
			if dst, err = element.value(dst, v.Index(i)); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	return plan{"<value><array><data>\n", "</data></array></value>", content}, nil
}

// planStruct returns the plan of a struct. All text between two values is joined once, and
// appended in one piece. Fields with omitempty must be the last ones.
func (e *Encoder) planStruct(t reflect.Type) (plan, error) {
	type member struct {
		index   int
		before  string // everything between the last value and this one
		content func([]byte, reflect.Value) ([]byte, error)
	}
	var members []member
	var optional []optionalMember
	between := "<value><struct>\n"
	for i, name := range fields(t) {
		if name == "" {
			continue
		}
		if omitsEmpty(t.Field(i)) {
			p, err := e.plan(t.Field(i).Type)
			if err != nil {
				return plan{}, fmt.Errorf("%v.%s: %w", t, t.Field(i).Name, err)
			}
			p.before = string(appendMember(nil, name)) + p.before
			p.after += afterMember
			optional = append(optional, optionalMember{i, p})
			continue
		}
		if len(optional) > 0 {
			return plan{}, fmt.Errorf("%v.%s comes after a field that may be left out", t, t.Field(i).Name)
		}
		p, err := e.plan(t.Field(i).Type)
		if err != nil {
			return plan{}, fmt.Errorf("%v.%s: %w", t, t.Field(i).Name, err)
		}
		between += string(appendMember(nil, name)) + p.before
		members = append(members, member{i, between, p.content})
		between = p.after + afterMember
	}
	content := func(dst []byte, v reflect.Value) ([]byte, error) {
		for i := range members {
			m := &members[i]
			var err error
			if dst, err = m.content(append(dst, m.before...), v.Field(m.index)); err != nil {
				return dst, err
			}
		}
		dst = append(dst, between...)
		for _, o := range optional {
			if f := v.Field(o.index); !f.IsZero() {
				var err error
				if dst, err = o.value(dst, f); err != nil {
					return dst, err
				}
			}
		}
		return dst, nil
	}
	return plan{after: "</struct></value>", content: content}, nil
}

const afterMember = "\n</member>\n"

// optionalMember is a member that is left out if it is zero.
type optionalMember struct {
	index int
	plan
}

func omitsEmpty(f reflect.StructField) bool {
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return options == "omitempty"
}

// fields returns the name on the wire of each field of a struct, "" for a field that is
// not encoded.
func fields(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		if f := t.Field(i); f.IsExported() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names[i] = strings.TrimPrefix(name, "-")
		}
	}
	return names
}
