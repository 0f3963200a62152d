package xmlrpc

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// plan appends values of one type.
type plan func(dst []byte, v reflect.Value) ([]byte, error)

// plan finds or makes the plan of a type.
func (e *Encoder) plan(t reflect.Type) (plan, error) {
	if p, ok := e.plans.Load(t); ok {
		return p.(plan), nil
	}
	p, err := e.newPlan(t)
	if err != nil {
		return nil, err
	}
	e.plans.Store(t, p)
	return p, nil
}

func (e *Encoder) newPlan(t reflect.Type) (plan, error) {
	if t == reflect.TypeFor[time.Time]() {
		return func(dst []byte, v reflect.Value) ([]byte, error) {
			return appendTime(dst, v.Interface().(time.Time)), nil
		}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return planString, nil
	case reflect.Bool:
		return planBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return planInt, nil
	case reflect.Float32, reflect.Float64:
		return planFloat, nil
	case reflect.Interface:
		return func(dst []byte, v reflect.Value) ([]byte, error) {
			return e.value(dst, v.Interface())
		}, nil
	case reflect.Slice, reflect.Array:
		return e.planArray(t)
	case reflect.Struct:
		return e.planStruct(t)
	}
	return nil, fmt.Errorf("xmlrpc has no value for type %v", t)
}

func planString(dst []byte, v reflect.Value) ([]byte, error) {
	return appendString(dst, v.String()), nil
}

func planBool(dst []byte, v reflect.Value) ([]byte, error) {
	return appendBool(dst, v.Bool()), nil
}

func planInt(dst []byte, v reflect.Value) ([]byte, error) {
	return appendInt(dst, v.Int()), nil
}

func planFloat(dst []byte, v reflect.Value) ([]byte, error) {
	return appendFloat(dst, v.Float()), nil
}

// planArray makes the plan of a list. A nil slice is an empty array.
func (e *Encoder) planArray(t reflect.Type) (plan, error) {
	element, err := e.plan(t.Elem())
	if err != nil {
		return nil, err
	}
	return func(dst []byte, v reflect.Value) ([]byte, error) {
		dst = append(dst, "<value><array><data>\n"...)
		for i := range v.Len() {
			var err error
			if dst, err = element(dst, v.Index(i)); err != nil {
				return dst, err
			}
			dst = append(dst, '\n')
		}
		return append(dst, "</data></array></value>"...), nil
	}, nil
}

// planStruct makes the plan of a struct: everything of a member but its value
// is rendered once.
func (e *Encoder) planStruct(t reflect.Type) (plan, error) {
	type member struct {
		index int
		head  string
		value plan
	}
	var members []member
	for i, name := range fields(t) {
		if name == "" {
			continue
		}
		p, err := e.plan(t.Field(i).Type)
		if err != nil {
			return nil, fmt.Errorf("%v.%s: %w", t, t.Field(i).Name, err)
		}
		members = append(members, member{i, string(appendMember(nil, name)), p})
	}
	return func(dst []byte, v reflect.Value) ([]byte, error) {
		dst = append(dst, "<value><struct>\n"...)
		for _, m := range members {
			dst = append(dst, m.head...)
			var err error
			if dst, err = m.value(dst, v.Field(m.index)); err != nil {
				return dst, err
			}
			dst = append(dst, "\n</member>\n"...)
		}
		return append(dst, "</struct></value>"...), nil
	}, nil
}

// fields tells the wire name of each field of a struct, "" for one that stays
// at home.
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
