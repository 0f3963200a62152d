package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/source/sourcetest"
)

var convertTests = []struct {
	kind *option.Type
	text string
	want any    // nil if it is refused
	err  string // with this text
}{
	{exitCodesType, "", []int{}, ""},
	{exitCodesType, "0", []int{0}, ""},
	{exitCodesType, "1, 2 ,255", []int{1, 2, 255}, ""},
	{exitCodesType, "256", nil, "not a valid list of exit codes: '256'"},
	{exitCodesType, "-1", nil, "not a valid list of exit codes: '-1'"},
	{exitCodesType, "0,", nil, "not a valid list of exit codes: '0,'"},
	{exitCodesType, "0,x", nil, "not a valid list of exit codes: '0,x'"},

	{autorestartType, "Unexpected", RestartUnexpected, ""},
	{autorestartType, "ON", RestartAlways, ""},
	{autorestartType, "0", RestartNever, ""},
	{autorestartType, "Sometimes", nil, "invalid 'autorestart' value 'sometimes'"},

	{logfileType, "auto", LogTarget{Auto: true}, ""},
	{logfileType, "None", LogTarget{}, ""},
	{logfileType, "OFF", LogTarget{}, ""},
	{logfileType, "", LogTarget{}, ""},
	{logfileType, "SysLog", LogTarget{Syslog: true}, ""},
	{logfileType, "/tmp/x", LogTarget{File: "/tmp/x"}, ""},
	{logfileType, "/nope/x", nil, "The directory named as part of the path /nope/x does not exist"},

	{autoBooleanType, "Auto", Auto, ""},
	{autoBooleanType, "on", Yes, ""},
	{autoBooleanType, "0", No, ""},
	{autoBooleanType, "", nil, "not a valid boolean value: ''"},

	{environmentType, "", Environment(nil), ""},
	{environmentType, "A=1,B=2", Environment{{"A", "1"}, {"B", "2"}}, ""},
	{environmentType, "\n A=\"1,2\",\n B='x y',\n", Environment{{"A", "1,2"}, {"B", "x y"}}, ""},
	{environmentType, `A=a"b"c,"B"=a\,b`, Environment{{"A", "abc"}, {"B", "a,b"}}, ""},
	{environmentType, "A=1,B=2,A=3", Environment{{"A", "3"}, {"B", "2"}}, ""},
	{environmentType, "A=a b", Environment{{"A", "a"}}, ""},
	{environmentType, "A=1;B=2 x C=3", Environment{{"A", "1"}, {"B", "2"}, {"C", "3"}}, ""},
	{environmentType, "A=foo#bar,B=2", Environment{{"A", "foo"}}, ""},
	{environmentType, "A=http://x/?y=1", Environment{{"A", "http://x/"}, {"y", "1"}}, ""},
	{environmentType, "A==1", Environment{{"A", "="}}, ""},
	{environmentType, "A=$HOME", Environment{{"A", "$"}}, ""},
	{environmentType, "A=", nil, "Unexpected end of key/value pairs in value 'A='"},
	{environmentType, "=1", nil, "Unexpected end of key/value pairs in value '=1'"},
	{environmentType, "A=1,B", nil, "Unexpected end of key/value pairs in value 'A=1,B'"},
	{environmentType, "A=a@b", nil, "Unexpected end of key/value pairs in value 'A=a@b'"},
	{environmentType, `A="open`, nil, "No closing quotation"},
	{environmentType, `A=x\`, nil, "No escaped character"},
}

func TestConvert(t *testing.T) {
	t.Parallel()
	h := sourcetest.Host("/here")
	for _, tt := range convertTests {
		got, err := tt.kind.Parse(&h, tt.text)
		if tt.want == nil {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%v %q: error %v, want %s", tt.kind.Name, tt.text, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v %q: %v", tt.kind.Name, tt.text, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v %q (-want +got):\n%s", tt.kind.Name, tt.text, diff)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	base := Environment{{"A", "1"}, {"B", "2"}}
	got := base.Merged(Environment{{"C", "3"}, {"A", "4"}})
	if diff := cmp.Diff(Environment{{"A", "4"}, {"B", "2"}, {"C", "3"}}, got); diff != "" {
		t.Error(diff)
	}
	if v, ok := base.Get("A"); v != "1" || !ok {
		t.Errorf("merging changed the original: %q, %v", v, ok)
	}
	if v, ok := base.Get("Z"); v != "" || ok {
		t.Errorf("got %q, %v for a variable that is not set", v, ok)
	}
}
