package rpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

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

// kind is what a parameter may be. Python hardly asks for types, so a value is
// taken whenever it can be used.
type kind int

const (
	text      kind = iota // a string
	anyText               // a string, or what has one in Python's str
	chars                 // a string; the fault shows what came instead
	number                // a whole number, or a string with one
	flag                  // a boolean; anything else by its truth
	list                  // an array
	structure             // a struct
)

// String returns the type that system.methodSignature tells.
func (k kind) String() string {
	switch k {
	case number:
		return "int"
	case flag:
		return "boolean"
	case list:
		return "array"
	case structure:
		return "struct"
	case text, anyText, chars:
	}
	return "string"
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

// accept returns v as the type that belongs to the kind: string, int64, bool,
// []any or map[string]any.
func (k kind) accept(v any) (any, bool) {
	switch k {
	case text, chars:
		s, ok := v.(string)
		return s, ok
	case anyText:
		if s, ok := v.(string); ok {
			return s, true
		}
		s := pythonStr(v)
		return s, s != ""
	case number:
		return toNumber(v)
	case flag:
		return toFlag(v), true
	case list:
		l, ok := v.([]any)
		return l, ok
	case structure:
		m, ok := v.(map[string]any)
		return m, ok
	}
	return nil, false
}

// toNumber is Python's int, as far as 64 bits go.
func toNumber(v any) (i int64, ok bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case string:
		i, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		return i, err == nil
	case float64:
		if v > math.MinInt64 && v < math.MaxInt64 {
			return int64(v), true
		}
	}
	return 0, false
}

// toFlag is Python's bool: nothing, zero and what is empty are false.
func toFlag(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true // a date
}

// pythonStr is Python's str for simple values, and nothing for others.
func pythonStr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s
	}
	return ""
}
