package xmlrpc

import (
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxCallElements bounds the elements of a request. A multicall of 10,000
// calls with two parameters each has 190,000.
const maxCallElements = 1 << 18

// ErrNoMethod is returned for a call that names no method.
var ErrNoMethod = errors.New("xmlrpc: no method name")

// DecodeCall decodes a methodCall. The parameters are nil, bool, int64, float64, string,
// time.Time, []any or map[string]any.
//
// It is as lenient as Supervisor: the name of the root element does not matter, params
// may be missing, an unknown type is a string, and a boolean is true only if it is 1.
// For XML that is not well-formed, or that is not a value, it returns a *SyntaxError; for
// a call without name, ErrNoMethod.
func DecodeCall(body []byte) (method string, params []any, err error) {
	s, err := newScanner(body, maxCallElements)
	if err != nil {
		return "", nil, err
	}
	if _, err := s.root(); err != nil {
		return "", nil, err
	}
	for {
		name, err := s.child()
		if err != nil {
			return "", nil, err
		}
		switch string(name) {
		case "":
			if err := s.finish(); err != nil {
				return "", nil, err
			}
			if method == "" {
				return "", nil, ErrNoMethod
			}
			return method, params, nil
		case "methodName":
			method, err = s.string()
		case "params":
			params, err = s.params()
		default:
			err = s.leave()
		}
		if err != nil {
			return "", nil, err
		}
	}
}

// params reads the content of a params element.
func (s *scanner) params() ([]any, error) {
	params := []any{}
	for {
		name, err := s.child()
		if name == nil || err != nil {
			return params, err
		}
		if err := s.expect("value"); err != nil {
			return nil, err
		}
		v, err := s.value()
		if err != nil {
			return nil, err
		}
		params = append(params, v)
		if err := s.leave(); err != nil {
			return nil, err
		}
	}
}

// expect enters the next element, which must have the given name.
func (s *scanner) expect(name string) error {
	got, err := s.child()
	if err != nil {
		return err
	}
	if string(got) != name {
		return s.fail("no " + name + " element")
	}
	return nil
}

// string reads the text of the current element and leaves it.
func (s *scanner) string() (string, error) {
	text, err := s.text()
	if err != nil {
		return "", err
	}
	return string(text), s.leave()
}

// value reads the content of a value element.
func (s *scanner) value() (any, error) {
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	name, err := s.child()
	if err != nil {
		return nil, err
	}
	var v any
	switch string(name) {
	case "":
		return string(text), nil
	case "array":
		v, err = s.array()
	case "struct":
		v, err = s.structure()
	default:
		v, err = s.scalar(string(name))
	}
	if err != nil {
		return nil, err
	}
	return v, s.leave()
}

// array reads the content of an array element.
func (s *scanner) array() ([]any, error) {
	if err := s.expect("data"); err != nil {
		return nil, err
	}
	list := []any{}
	for {
		name, err := s.child()
		if err != nil {
			return nil, err
		}
		if name == nil {
			return list, s.leave()
		}
		if string(name) != "value" {
			return nil, s.fail("no value element")
		}
		v, err := s.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// structure reads the content of a struct element.
func (s *scanner) structure() (map[string]any, error) {
	m := map[string]any{}
	for {
		name, ok, err := s.member()
		if !ok || err != nil {
			return m, err
		}
		v, err := s.value()
		if err != nil {
			return nil, err
		}
		m[string(name)] = v
		if err := s.leave(); err != nil {
			return nil, err
		}
	}
}

// member enters the value of the next member of a struct and returns its name. ok is
// false after the last one.
func (s *scanner) member() (name []byte, ok bool, err error) {
	tag, err := s.child()
	if tag == nil || err != nil {
		return nil, false, err
	}
	if err := s.expect("name"); err != nil {
		return nil, false, err
	}
	if name, err = s.text(); err != nil {
		return nil, false, err
	}
	if err := s.leave(); err != nil {
		return nil, false, err
	}
	return name, true, s.expect("value")
}

// scalar reads the content of an element of a simple type and leaves it.
func (s *scanner) scalar(kind string) (any, error) {
	text, err := s.string()
	if err != nil {
		return nil, err
	}
	switch kind {
	case "string":
		return text, nil
	case "int", "i4":
		return s.integer(text)
	case "boolean":
		return text == "1", nil
	case "double":
		return s.double(text)
	case "dateTime.iso8601":
		t, err := time.Parse(timeLayout, text)
		if err != nil {
			return nil, s.fail("bad date")
		}
		return t, nil
	case "base64":
		return s.base64(text)
	}
	// An unknown type. An empty element, such as <nil/>, is nil.
	if text == "" {
		return nil, nil
	}
	return text, nil
}

// integer accepts what Python's int accepts, within 64 bits.
func (s *scanner) integer(text string) (int64, error) {
	i, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, s.fail("bad number")
	}
	return i, nil
}

// double accepts decimal numbers, but no infinities: no method can use them.
func (s *scanner) double(text string) (float64, error) {
	text = strings.TrimSpace(text)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(text, "xX_") {
		return 0, s.fail("bad number")
	}
	return f, nil
}

// base64 decodes to text, the only use that Supervisor has for it.
func (s *scanner) base64(text string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || !utf8.Valid(raw) {
		return "", s.fail("bad base64")
	}
	return string(raw), nil
}
