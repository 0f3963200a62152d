package rpc

import (
	"testing"
	"time"

	"supervisor/supervisord/api/xmlrpc"
)

// TestFlagTruthValues: every value can be used as a boolean, as in Python.
func TestFlagTruthValues(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"<nil/>": false, "<nil></nil>": false, "<ex:nil/>": false, "<boolean>0</boolean>": false, "<boolean>true</boolean>": false,
		"<boolean>1</boolean>": true, "<int>0</int>": false, "<int>-1</int>": true, "<i8>0</i8>": true, "<double>0.0</double>": false,
		"<double>0.1</double>": true, "": false, "0": true, "<string/>": false, "<string>False</string>": true,
		"<array><data/></array>": false, "<array><data><value><nil/></value></data></array>": true, "<struct/>": false,
		"<struct><member><name>a</name><value/></member></struct>": true, "<base64/>": false, "<base64>MA==</base64>": true,
		"<dateTime.iso8601>20260101T00:00:00</dateTime.iso8601>": true,
	} {
		_, params, err := xmlrpc.DecodeCall([]byte("<methodCall><methodName>m</methodName><params><param><value>" + value + "</value></param></params></methodCall>"))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := flag.accept(params[0]); got != want || !ok {
			t.Errorf("%s: %v, %v", value, got, ok)
		}
	}
}

// TestAnyText: where Supervisor formats a parameter into a text, any value with a text is
// accepted.
func TestAnyText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value any
		want  string
	}{{nil, "None"}, {true, "True"}, {int64(15), "15"}, {1.5, "1.5"}, {"TERM", "TERM"}, {"", ""}} {
		if got, ok := anyText.accept(tt.value); got != tt.want || !ok {
			t.Errorf("%v: %q, %v", tt.value, got, ok)
		}
	}
	if got, ok := anyText.accept(time.Time{}); ok {
		t.Errorf("a date is accepted as %q", got)
	}
}
