package xmlrpc

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
)

// timeLayout is dateTime.iso8601 as in the standard of 1999, without a zone.
const timeLayout = "20060102T15:04:05"

// Encoder appends values and messages to byte slices. It computes the layout of a type
// once and caches it, so an Encoder should be kept and used again. The zero value is
// ready to use, by many goroutines at once.
//
// Structs are encoded by their json tags, in the order of their fields; a field without
// a tag is left out. A type must not contain itself.
type Encoder struct {
	plans sync.Map // reflect.Type → plan
}

// Response appends a methodResponse with the value v.
func (e *Encoder) Response(dst []byte, v any) ([]byte, error) {
	dst = append(dst, "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"...)
	dst, err := e.value(dst, v)
	return append(dst, "\n</param>\n</params>\n</methodResponse>\n"...), err
}

// Call appends a methodCall with positional parameters.
func (e *Encoder) Call(dst []byte, method string, params ...any) ([]byte, error) {
	dst = append(dst, "<?xml version='1.0'?>\n<methodCall>\n<methodName>"...)
	dst = appendText(dst, method)
	dst = append(dst, "</methodName>\n<params>\n"...)
	var err error
	for i, p := range params {
		dst = append(dst, "<param>\n"...)
		if dst, err = e.value(dst, p); err != nil {
			return dst, fmt.Errorf("parameter %d of %s: %w", i+1, method, err)
		}
		dst = append(dst, "\n</param>\n"...)
	}
	return append(dst, "</params>\n</methodCall>\n"...), nil
}

// value appends a value element. The most frequent types need no reflection.
func (e *Encoder) value(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "<value><nil/></value>"...), nil
	case bool:
		return appendBool(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case int64:
		return appendInt(dst, v), nil
	case string:
		return appendString(dst, v), nil
	case time.Time:
		return appendTime(dst, v), nil
	case map[string]any:
		return e.mapping(dst, v)
	}
	rv := reflect.ValueOf(v)
	p, err := e.plan(rv.Type())
	if err != nil {
		return dst, err
	}
	return p.value(dst, rv)
}

// mapping appends a struct element with its members in the order of their names.
func (e *Encoder) mapping(dst []byte, m map[string]any) ([]byte, error) {
	dst = append(dst, "<value><struct>\n"...)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		dst = appendMember(dst, name)
		var err error
		if dst, err = e.value(dst, m[name]); err != nil {
			return dst, fmt.Errorf("%s: %w", name, err)
		}
		dst = append(dst, "\n</member>\n"...)
	}
	return append(dst, "</struct></value>"...), nil
}

func appendMember(dst []byte, name string) []byte {
	dst = append(dst, "<member>\n<name>"...)
	dst = appendText(dst, name)
	return append(dst, "</name>\n"...)
}

const (
	beforeInt, afterInt       = "<value><int>", "</int></value>"
	beforeString, afterString = "<value><string>", "</string></value>"
)

func appendInt(dst []byte, i int64) []byte {
	return append(appendDigits(append(dst, beforeInt...), i), afterInt...)
}

// appendDigits saturates at the 32 bits of the standard: a parser would refuse a larger
// number, and with it the whole answer.
func appendDigits(dst []byte, i int64) []byte {
	return strconv.AppendInt(dst, min(max(i, math.MinInt32), math.MaxInt32), 10)
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, "<value><boolean>1</boolean></value>"...)
	}
	return append(dst, "<value><boolean>0</boolean></value>"...)
}

func appendString(dst []byte, s string) []byte {
	return append(appendText(append(dst, beforeString...), s), afterString...)
}

// appendFloat writes no exponent, because the standard has none.
func appendFloat(dst []byte, f float64) []byte {
	dst = append(dst, "<value><double>"...)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	return append(dst, "</double></value>"...)
}

func appendTime(dst []byte, t time.Time) []byte {
	dst = append(dst, "<value><dateTime.iso8601>"...)
	dst = t.AppendFormat(dst, timeLayout)
	return append(dst, "</dateTime.iso8601></value>"...)
}
