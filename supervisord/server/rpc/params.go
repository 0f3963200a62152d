package rpc

import (
	"bytes"
	"encoding/json"
	"fmt"

	"supervisor/supervisord/api/faults"
)

// Call is a decoded call.
type Call struct {
	Method string
	Params Params
}

// Params are the parameters of a call: positional, or named if the codec has names.
// Values are nil, bool, int64, float64, string, time.Time, []any or map[string]any.
type Params struct {
	List  []any
	Named map[string]any // nil for positional parameters
}

// UnmarshalJSON decodes an array or an object. Whole numbers stay whole.
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

// fromJSON converts numbers to int64 if they are whole, else to float64.
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
	// byDefault is the value of a parameter that is left out, nil for one that is required.
	byDefault any
}

// incorrectParams returns the fault for wrong parameters.
func incorrectParams() error { return faults.Bare(faults.IncorrectParameters) }

// arguments are the values for the parameters of a method, one for each. After convert
// each has the type of its parameter's kind.
type arguments []any

func (a arguments) text(i int) string  { return a[i].(string) }
func (a arguments) number(i int) int64 { return a[i].(int64) }
func (a arguments) flag(i int) bool    { return a[i].(bool) }
func (a arguments) list(i int) []any   { return a[i].([]any) }

func (a arguments) structure(i int) map[string]any { return a[i].(map[string]any) }

// stringMap returns a structure as options. Values that are not strings are converted to
// the texts that a configuration file would have. It returns false if a value has no
// text.
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

// bindParams returns the sent parameters in the order of the wanted ones, with defaults
// for those left out. It fails if there are unknown ones, or too few.
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

// convert converts each argument to the type of its kind, in place.
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
