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
	Text = &Type{Name: "text", Parse: Parser(func(s string) (string, error) { return s, nil })}
	// Integer is a whole number.
	Integer = &Type{Name: "integer", Parse: Parser(integer)}
	// Octal is a file mode or mask. A negative one is printed as "".
	Octal = &Type{Name: "octal number", Parse: Parser(octal), Text: octalText, JSON: octalJSON}
	// Boolean is true, yes, on or 1, or false, no, off or 0.
	Boolean = &Type{Name: "boolean", Parse: Parser(ParseBoolean)}
	// ByteSize is a number of bytes, or of KB, MB or GB.
	ByteSize = &Type{Name: "byte size", Parse: Parser(byteSize)}
	// Signal is the name or number of a signal.
	Signal = &Type{Name: "signal", Parse: Parser(ParseSignal), Text: signalText, JSON: signalJSON}
	// List is words separated by commas.
	List = &Type{Name: "list", Parse: Parser(ParseList)}
	// Directory is a directory that exists.
	Directory = &Type{Name: "existing directory", Parse: HostParser(ExistingDirectory)}
	// Path is a path in a directory that exists.
	Path = &Type{Name: "path", Parse: HostParser(ExistingDirpath)}
	// User is the name or number of a user. Its field is a *int, nil for none.
	User = &Type{Name: "user", Parse: HostParser(UserID), Set: setUser, Equal: equalUsers, Text: userText}
	// Owner is user or user:group.
	Owner = &Type{Name: "user:group", Parse: HostParser(userGroup)}
	// InetAddress is port, :port, *:port or host:port.
	InetAddress = &Type{Name: "address", Parse: Parser(inetAddress)}
)

// The types of extensions that are not tied to one option. Their error texts
// say what is allowed.
var (
	// Duration is seconds, or numbers with units.
	Duration = &Type{Name: "time", Parse: Parser(ParseDuration), JSON: func(d any) any { return d.(time.Duration).String() }}
	// Count is a whole number from 0 on.
	Count = &Type{Name: "whole number", Parse: Parser(func(s string) (int, error) { return ParseCount(s, 0) })}
	// Positive is a whole number from 1 on.
	Positive = &Type{Name: "whole number", Parse: Parser(func(s string) (int, error) { return ParseCount(s, 1) })}
	// Factor is a factor from 1 on.
	Factor = &Type{Name: "factor", Parse: Parser(factor)}
	// Fraction is 0.2 or 20%.
	Fraction = &Type{Name: "share", Parse: Parser(fraction)}
	// NumberOrPercentage is a number from 1 on or a percentage.
	NumberOrPercentage = &Type{Name: "number or percentage", Parse: Parser(ParseShare)}
	// NameList is different names separated by commas.
	NameList = &Type{Name: "list", Parse: Parser(distinctNames)}
)

func octalText(n any) string {
	if n.(int) < 0 {
		return ""
	}
	return fmt.Sprintf("%03o", n)
}

func octalJSON(n any) any {
	if n.(int) < 0 {
		return nil
	}
	return fmt.Sprintf("%04o", n)
}

func signalText(sig any) string { return strings.TrimPrefix(signals.Name(sig.(syscall.Signal)), "SIG") }

func signalJSON(sig any) any {
	return map[string]any{"name": signals.Name(sig.(syscall.Signal)), "number": int(sig.(syscall.Signal))}
}

func setUser(field, uid any) {
	n := uid.(int)
	*field.(**int) = &n
}

func equalUsers(a, b any) bool {
	m, n := *a.(**int), *b.(**int)
	return m == n || m != nil && n != nil && *m == *n
}

func userText(uid any) string {
	if n := uid.(*int); n != nil {
		return strconv.Itoa(*n)
	}
	return ""
}
