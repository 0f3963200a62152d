package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzKeyValues(f *testing.F) {
	for _, tt := range convertTests {
		if tt.kind == environmentType {
			f.Add(tt.text)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		env, err := ParseEnvironment(s)
		if err != nil {
			return
		}
		var b strings.Builder
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		for _, v := range env {
			b.WriteString(`"` + quote.Replace(v.Name) + `"="` + quote.Replace(v.Value) + `",`)
		}
		again, err := ParseEnvironment(b.String())
		if diff := cmp.Diff(env, again); diff != "" || err != nil {
			t.Fatalf("%q: %v\n%s", b.String(), err, diff)
		}
	})
}
