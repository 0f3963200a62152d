package fastpath

import (
	"bufio"
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const plainCall = "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 2\r\n\r\nhi"

// FuzzParsePlain: net/http parses every plain request in the same way.
func FuzzParsePlain(f *testing.F) {
	for _, seed := range []string{plainCall, strings.Replace(plainCall, "Host", "host", 1), plainCall + plainCall,
		strings.Replace(plainCall, "text/xml", " a  b ", 1), strings.Replace(plainCall, "x\r\n", "a.b-c:1\r\nAuthorization: Basic eDp5\r\n", 1)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, size := parsePlain(data)
		if got == nil {
			return
		}
		want, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		head := bytes.Index(data, []byte("\r\n\r\n")) + 4
		if size != head+int(want.ContentLength) || size > maxPlain {
			t.Errorf("%q: %d bytes, want %d", data, size, head+int(want.ContentLength))
		}
		if got.Method != want.Method || *got.URL != *want.URL || got.Proto != want.Proto || got.Host != want.Host ||
			got.RequestURI != want.RequestURI || got.Close != want.Close || want.TransferEncoding != nil || want.Trailer != nil ||
			!reflect.DeepEqual(got.Header, want.Header) {
			t.Errorf("%q:\n%+v\n%+v", data, got, want)
		}
	})
}
