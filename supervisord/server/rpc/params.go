package rpc

import (
	"bytes"
	"encoding/json"
	"fmt"

	"supervisor/supervisord/api/faults"
)

// Call is one call as a codec hands it over.
type Call struct {
	Method string
	Params Params
}

// Params are the parameters of a call: positional, or named by those codecs
// that have names. Values are nil, bool, int64, float64, string, time.Time,
// []any or map[string]any.
type Params struct {
	List  []any
	Named map[string]any // nil if they are positional
}

// UnmarshalJSON reads an array or an object, keeping whole numbers whole.
func (p *Params) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	*p = Params{}
	switch v := fromJSON(v).(type) {
	case nil:
	case []any:
		p.List = v
	case map[string]any:
		p.Named = v
	default:
		return fmt.Errorf("params must be an array or an object")
	}
	return nil
}

// fromJSON turns numbers into int64 where they are whole, else into float64.
func fromJSON(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = fromJSON(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = fromJSON(v[name])
		}
	}
	return v
}

// param is one parameter of a method.
type param struct {
	name string
	kind kind
	help string
	// byDefault is what it is when it is left out, nil if it must not be.
	byDefault any
}

// incorrectParams is the fault for parameters that do not fit.
func incorrectParams() error { return faults.Bare(faults.IncorrectParameters) }

// arguments are what a method is called with, one for each of its parameters
// and of the type that its kind promises.
type arguments []any

func (a arguments) text(i int) string  { return a[i].(string) }
func (a arguments) number(i int) int64 { return a[i].(int64) }
func (a arguments) flag(i int) bool    { return a[i].(bool) }
func (a arguments) list(i int) []any   { return a[i].([]any) }

func (a arguments) structure(i int) map[string]any { return a[i].(map[string]any) }

// stringMap is a structure of options. Values of other types are taken as their
// texts, which is what most of them would be read from anyway.
func (a arguments) stringMap(i int) (options map[string]string, ok bool) {
	options = make(map[string]string)
	for name, v := range a.structure(i) {
		value, isText := v.(string)
		if !isText {
			value = pythonStr(v)
		}
		if v == nil || !isText && value == "" {
			return nil, false
		}
		options[name] = value
	}
	return options, true
}

// bindParams puts the parameters that came in the order of those that are wanted,
// nil where one was left out. It fails if there are others, or too few.
func bindParams(wanted []param, sent Params) (arguments, error) {
	a := make(arguments, len(wanted))
	used := copy(a, sent.List)
	if used < len(sent.List) {
		return nil, incorrectParams()
	}
	given := func(i int) bool { return i < used }
	if sent.Named != nil {
		given = func(i int) bool { _, ok := sent.Named[wanted[i].name]; return ok }
	}
	for i, p := range wanted {
		switch {
		case !given(i) && p.byDefault == nil:
			return nil, incorrectParams()
		case !given(i):
			a[i] = p.byDefault
		case sent.Named != nil:
			a[i] = sent.Named[p.name]
			used++
		}
	}
	if used < len(sent.Named) {
		return nil, incorrectParams()
	}
	return a, nil
}

// convert makes each argument what its kind promises, in place.
func (a arguments) convert(wanted []param) error {
	for i, p := range wanted {
		v, ok := p.kind.accept(a[i])
		if !ok {
			if text := pythonStr(a[i]); p.kind == chars && text != "" && a[i] != nil {
				return faults.New(faults.IncorrectParameters, text)
			}
			return incorrectParams()
		}
		a[i] = v
	}
	return nil
}
