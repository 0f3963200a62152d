package rpc

import (
	"path/filepath"
	"testing"

	"supervisor/supervisord/api/xmlrpc"
)

// FuzzXML: no request causes an internal error, and every answer can be decoded.
func FuzzXML(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "exchanges", "*", "*.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		request, _ := exchange(f, path)
		f.Add(request)
	}
	_, h, _ := newTestHandler(f)
	f.Fuzz(func(t *testing.T, body string) {
		w := post(h, "text/xml", body)
		if w.Code != 200 {
			if w.Code != 400 {
				t.Errorf("%q: status %d", body, w.Code)
			}
			return
		}
		err := xmlrpc.DecodeResponse(w.Body.Bytes(), new(any))
		if _, ok := err.(*xmlrpc.SyntaxError); ok {
			t.Errorf("%q: %q: %v", body, w.Body, err)
		}
	})
}

func BenchmarkGetState(b *testing.B) {
	_, h, _ := newTestHandler(b)
	body := "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.getAPIVersion</methodName>\n<params>\n</params>\n</methodCall>\n"
	b.ReportAllocs()
	for b.Loop() {
		if w := post(h, "text/xml", body); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
