package rpc

import (
	"math"
	"strconv"
	"strings"
)

// kind is the type of a parameter. Python hardly checks types, so a value of another
// type is accepted whenever it can be used.
type kind int

const (
	text      kind = iota // a string
	anyText               // a string, or a value that Python's str converts
	chars                 // a string; the fault shows a value of another type
	number                // a whole number, or a string with one
	flag                  // a boolean; any other value by its truth
	list                  // an array
	structure             // a struct
)

// String returns the type for system.methodSignature.
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

// accept converts v to the type of the kind: string, int64, bool, []any or
// map[string]any. It returns false if v can't be used.
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

// toNumber is Python's int, within 64 bits.
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

// toFlag is Python's bool: None, zero and empty values are false.
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

// pythonStr is Python's str for simple values, and "" for others.
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
