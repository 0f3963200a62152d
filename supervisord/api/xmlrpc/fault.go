package xmlrpc

import (
	"reflect"

	"supervisor/supervisord/api/faults"
)

// Fault is a fault that the server has answered. It wraps a *faults.Error.
type Fault struct {
	Code faults.Code
	Text string // faultString
}

// Error returns the faultString.
func (f *Fault) Error() string { return f.Text }

// Unwrap returns the fault in the daemon's own form.
func (f *Fault) Unwrap() error {
	e := faults.New(f.Code, "")
	if prefix := f.Code.String() + ": "; len(f.Text) > len(prefix) && f.Text[:len(prefix)] == prefix {
		e.Detail = f.Text[len(prefix):]
	}
	return e
}

// AppendFault appends a methodResponse with a fault.
func AppendFault(dst []byte, code faults.Code, text string) []byte {
	dst = append(dst, "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n"+
		"<value><struct>\n<member>\n<name>faultCode</name>\n"...)
	dst = appendInt(dst, int64(code))
	dst = append(dst, "\n</member>\n<member>\n<name>faultString</name>\n"...)
	dst = appendString(dst, text)
	return append(dst, "\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n"...)
}

// fault reads the content of a fault element.
func (s decoder) fault() error {
	var f struct {
		Code int    `json:"faultCode"`
		Text string `json:"faultString"`
	}
	if err := s.expect("value"); err != nil {
		return err
	}
	if err := s.into(reflect.ValueOf(&f).Elem()); err != nil {
		return err
	}
	return &Fault{Code: faults.Code(f.Code), Text: f.Text}
}
