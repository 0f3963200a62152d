package option

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api/signals"
)

// The types that are not tied to one option. Their error texts are Supervisor's
// own, known to tools and users, which is why some begin with a capital letter.
var (
	// Text is any text.
	Text = NewType("text", func(s string) (string, error) { return s, nil }, func(s string) string { return s })
	// Integer is a whole number.
	Integer = NewType("integer", integer, strconv.Itoa)
	// Octal is a file mode or mask, printed as "" if it is negative.
	Octal = WithJSON(NewType("octal number", octal, octalText), octalJSON)
	// Boolean is true, yes, on or 1, or false, no, off or 0.
	Boolean = NewType("boolean", ParseBoolean, strconv.FormatBool)
	// ByteSize is a number of bytes, or of KB, MB or GB.
	ByteSize = NewType("byte size", byteSize, func(n int64) string { return strconv.FormatInt(n, 10) })
	// Signal is the name or number of a signal.
	Signal = WithJSON(NewType("signal", ParseSignal, signalText), signalJSON)
	// List is words separated by commas.
	List = NewType("list", ParseList, joinList)
	// Directory is a directory that exists.
	Directory = NewHostType("existing directory", ExistingDirectory, func(s string) string { return s })
	// Path is a path in a directory that exists.
	Path = NewHostType("path", ExistingDirpath, func(s string) string { return s })
	// User is the name or number of a user. A section keeps it as a pointer, nil
	// for none.
	User = NewHostType("user", UserID, userText)
	// Owner is user or user:group.
	Owner = NewHostType("user:group", userGroup, Ownership.String)
	// InetAddress is port, :port, *:port or host:port.
	InetAddress = NewType("address", inetAddress, Address.String)
)

// The types of extensions that are not tied to one option. Their error texts
// say what is allowed.
var (
	// Duration is seconds, or numbers with units.
	Duration = WithJSON(NewType("time", ParseDuration, FormatDuration), func(d time.Duration) any { return d.String() })
	// Count is a whole number from 0 on.
	Count = NewType("whole number", func(s string) (int, error) { return ParseCount(s, 0) }, strconv.Itoa)
	// Positive is a whole number from 1 on.
	Positive = NewType("whole number", func(s string) (int, error) { return ParseCount(s, 1) }, strconv.Itoa)
	// Factor is a factor from 1 on.
	Factor = NewType("factor", factor, formatFloat)
	// Fraction is 0.2 or 20%.
	Fraction = NewType("share", fraction, formatFloat)
	// NumberOrPercentage is a number from 1 on or a percentage.
	NumberOrPercentage = NewType("number or percentage", ParseShare, Share.String)
	// NameList is different names separated by commas.
	NameList = NewType("list", distinctNames, joinList)
)

func joinList(list []string) string { return strings.Join(list, ",") }

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func octalText(n int) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("%03o", n)
}

func octalJSON(n int) any {
	if n < 0 {
		return nil
	}
	return fmt.Sprintf("%04o", n)
}

func signalText(sig syscall.Signal) string { return strings.TrimPrefix(signals.Name(sig), "SIG") }

func signalJSON(sig syscall.Signal) any {
	return map[string]any{"name": signals.Name(sig), "number": int(sig)}
}

func userText(uid *int) string {
	if uid == nil {
		return ""
	}
	return strconv.Itoa(*uid)
}
