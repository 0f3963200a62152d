package option

import (
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/config/source/sourcetest"
)

var convertTests = []struct {
	kind *Type
	text string
	want any    // nil if it is refused
	err  string // with this text
}{
	{Text, " any\nthing ", " any\nthing ", ""},

	{Integer, "0", 0, ""},
	{Integer, " +007\t", 7, ""},
	{Integer, "-1_000", -1000, ""},
	{Integer, "99999999999999999999", 1<<63 - 1, ""},
	{Integer, "-99999999999999999999", -1 << 63, ""},
	{Integer, "", nil, "invalid literal for int() with base 10: ''"},
	{Integer, "1.5", nil, "invalid literal for int() with base 10: '1.5'"},
	{Integer, "_1", nil, "invalid literal for int() with base 10: '_1'"},
	{Integer, "1__0", nil, "invalid literal for int() with base 10: '1__0'"},
	{Integer, "+-1", nil, "invalid literal for int() with base 10: '+-1'"},
	{Integer, "0x10", nil, "invalid literal for int() with base 10: '0x10'"},
	{Integer, "it's", nil, `invalid literal for int() with base 10: "it's"`},

	{Octal, "022", 0o22, ""},
	{Octal, "0o1_7", 0o17, ""},
	{Octal, "-0O_7", -7, ""},
	{Octal, "8", nil, "8 can not be converted to an octal type"},
	{Octal, "0o", nil, "0o can not be converted to an octal type"},
	{Octal, "rw-r--r--", nil, "rw-r--r-- can not be converted to an octal type"},

	{Boolean, "TRUE", true, ""},
	{Boolean, "yes", true, ""},
	{Boolean, "On", true, ""},
	{Boolean, "1", true, ""},
	{Boolean, "False", false, ""},
	{Boolean, "no", false, ""},
	{Boolean, "OFF", false, ""},
	{Boolean, "0", false, ""},
	{Boolean, "2", nil, "not a valid boolean value: '2'"},
	{Boolean, " true", nil, "not a valid boolean value: ' true'"},
	{Boolean, "Maybe", nil, "not a valid boolean value: 'Maybe'"},

	{ByteSize, "0", int64(0), ""},
	{ByteSize, "1024", int64(1024), ""},
	{ByteSize, "3kb", int64(3 << 10), ""},
	{ByteSize, "2 MB", int64(2 << 20), ""},
	{ByteSize, "1Gb", int64(1 << 30), ""},
	{ByteSize, "-1KB", int64(-1024), ""},
	{ByteSize, "99999999999GB", int64(1<<63 - 1), ""},
	{ByteSize, "-99999999999GB", int64(-1 << 63), ""},
	{ByteSize, "5M", nil, "invalid literal for int() with base 10: '5m'"},
	{ByteSize, "MB", nil, "invalid literal for int() with base 10: ''"},
	{ByteSize, "1.5MB", nil, "invalid literal for int() with base 10: '1.5'"},
	{ByteSize, "10XB", nil, "invalid literal for int() with base 10: '10xb'"},

	{Signal, "TERM", syscall.SIGTERM, ""},
	{Signal, " sighup ", syscall.SIGHUP, ""},
	{Signal, "9", syscall.SIGKILL, ""},
	{Signal, "0", syscall.Signal(0), ""},
	{Signal, "cld", syscall.SIGCHLD, ""},
	{Signal, "SIGIO", syscall.SIGIO, ""},
	{Signal, "RTMIN", syscall.Signal(34), ""},
	{Signal, "64", syscall.Signal(64), ""},
	{Signal, "BOGUS", nil, "value 'BOGUS' is not a valid signal name"},
	{Signal, "", nil, "value '' is not a valid signal name"},
	{Signal, "SIG", nil, "value 'SIG' is not a valid signal name"},
	{Signal, "35", nil, "value '35' is not a valid signal number"},
	{Signal, "-1", nil, "value '-1' is not a valid signal number"},

	{List, "", []string(nil), ""},
	{List, "a", []string{"a"}, ""},
	{List, " a\n,b,", []string{"a", "b", ""}, ""},

	{Directory, "/tmp", "/tmp", ""},
	{Directory, "sub", "sub", ""},
	{Directory, "~", "/home/me", ""},
	{Directory, "~web", "/home/web", ""},
	{Directory, "", nil, " is not an existing directory"},
	{Directory, "~nosuch", nil, "~nosuch is not an existing directory"},
	{Directory, "/nope", nil, "/nope is not an existing directory"},

	{Path, "x.log", "x.log", ""},
	{Path, "/x.log", "/x.log", ""},
	{Path, "sub/x.log", "sub/x.log", ""},
	{Path, "~/x.log", "/home/me/x.log", ""},
	{Path, "/nope/x.log", nil, "The directory named as part of the path /nope/x.log does not exist"},

	{User, "web", 1000, ""},
	{User, "65534", 65534, ""},
	{User, "nosuch", nil, "Invalid user name nosuch"},
	{User, "", nil, "Invalid user name "},
	{User, "4711", nil, "Invalid user id 4711"},

	{Owner, "web", Ownership{1000, -1}, ""},
	{Owner, "0:www", Ownership{0, 33}, ""},
	{Owner, "web:65534", Ownership{1000, 65534}, ""},
	{Owner, "web:nosuch", nil, "invalid user or group"},
	{Owner, "web:4711", nil, "invalid user or group"},
	{Owner, "nosuch:www", nil, "invalid user or group"},

	{InetAddress, "9001", Address{"", 9001}, ""},
	{InetAddress, ":9001", Address{"", 9001}, ""},
	{InetAddress, "*:9001", Address{"", 9001}, ""},
	{InetAddress, "LocalHost:80", Address{"localhost", 80}, ""},
	{InetAddress, "::1:80", Address{"::1", 80}, ""},
	{InetAddress, "host:", nil, "no port number specified in ''"},
	{InetAddress, "host:http", nil, "invalid literal for int() with base 10: 'http'"},
	{InetAddress, "host:0", nil, "0 is below lower bound (1)"},
	{InetAddress, "host:-5", nil, "-5 is below lower bound (1)"},
	{InetAddress, "host:70000", nil, "70000 is above upper bound (65535)"},
	{InetAddress, "http", nil, "not a valid port number: 'http' "},
	{InetAddress, "0", nil, "not a valid port number: '0' "},

	{Level, "critical", LogLevel(50), ""},
	{Level, "ERROR", LogLevel(40), ""},
	{Level, "Warn", LogLevel(30), ""},
	{Level, "info", LogLevel(20), ""},
	{Level, "debug", LogLevel(10), ""},
	{Level, "trace", LogLevel(5), ""},
	{Level, "blather", LogLevel(3), ""},
	{Level, "warning", nil, "bad logging level name 'warning'"},
	{Level, "10", nil, "bad logging level name '10'"},
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

func TestName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"two words": "Invalid name: 'two words' because of character: ' '",
		"a:b/c d":   "Invalid name: 'a:b/c d' because of character: ' '",
		"a/b:c":     "Invalid name: 'a/b:c' because of character: ':'",
		"a/b":       "Invalid name: 'a/b' because of character: '/'",
		"  ":        "Invalid name: '  ' because it is empty",
	} {
		if _, err := ParseName(text); err == nil || err.Error() != want {
			t.Errorf("name(%q): error %v, want %s", text, err, want)
		}
	}
	if got, err := ParseName(" a\tb\n"); got != "a\tb" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSignalName(t *testing.T) {
	t.Parallel()
	for sig, want := range map[syscall.Signal]string{
		syscall.SIGTERM: "SIGTERM", syscall.SIGABRT: "SIGABRT", syscall.SIGCHLD: "SIGCHLD", 29: "SIGPOLL",
		34: "SIGRTMIN", 64: "SIGRTMAX", 0: "signal 0", 35: "signal 35",
	} {
		if got := signals.Name(sig); got != want {
			t.Errorf("signal %d is called %q, want %q", int(sig), got, want)
		}
		if back, err := ParseSignal(want); want[0] == 'S' && (back != sig || err != nil) {
			t.Errorf("%s is signal %d, %v", want, int(back), err)
		}
	}
}

func TestLogLevelNames(t *testing.T) {
	t.Parallel()
	for level, want := range map[LogLevel]string{50: "critical", 3: "blather", 7: "level 7"} {
		if got := level.String(); got != want {
			t.Errorf("%d is called %q, want %q", int(level), got, want)
		}
	}
}
