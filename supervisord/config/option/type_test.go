package option

import (
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/config/source/sourcetest"
)

// TestTypes stores two values of each type and compares and prints them.
func TestTypes(t *testing.T) {
	t.Parallel()
	h := sourcetest.Host("/here")
	for _, tt := range []struct {
		name              string
		kind              *Type
		newField          func() any
		first, text, json string
		second            string
	}{
		{"integer", Integer, func() any { return new(int) }, "7", "7", "7", "8"},
		{"octal", Octal, func() any { return new(int) }, "22", "022", `"0022"`, "0"},
		{"boolean", Boolean, func() any { return new(bool) }, "on", "true", "true", "off"},
		{"byte size", ByteSize, func() any { return new(int64) }, "1KB", "1024", "1024", "1"},
		{"text", Text, func() any { return new(string) }, "a", "a", `"a"`, "b"},
		{"signal", Signal, func() any { return new(syscall.Signal) }, "SIGHUP", "HUP", `{"name":"SIGHUP","number":1}`, "9"},
		{"duration", Duration, func() any { return new(time.Duration) }, "60", "1m0s", `"1m0s"`, "61"},
		{"list", List, func() any { return new([]string) }, "a,b", "[a b]", `["a","b"]`, "b,a"},
		{"user", User, func() any { return new(*int) }, "web", "1000", "1000", "root"},
	} {
		a, b := tt.newField(), tt.newField()
		store := func(field any, text string) {
			value, err := tt.kind.Parse(&h, text)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			tt.kind.set(field, value)
		}
		store(a, tt.first)
		if tt.kind.equal(a, b) {
			t.Errorf("%s: a value equals none", tt.name)
		}
		store(b, tt.first)
		if !tt.kind.equal(a, b) {
			t.Errorf("%s: equal values differ", tt.name)
		}
		store(b, tt.second)
		if tt.kind.equal(a, b) {
			t.Errorf("%s: different values are equal", tt.name)
		}
		if got := tt.kind.text(a); got != tt.text {
			t.Errorf("%s: text %s, want %s", tt.name, got, tt.text)
		}
		if got, err := json.Marshal(tt.kind.json(a)); err != nil || string(got) != tt.json {
			t.Errorf("%s: JSON %s, %v, want %s", tt.name, got, err, tt.json)
		}
	}
}
