package option

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/config/python"
)

func integer(s string) (int, error) {
	n, ok := python.ParseInt(s, 10)
	if !ok {
		return 0, fmt.Errorf("invalid literal for int() with base 10: %s", python.Repr(s))
	}
	return int(n), nil
}

func octal(s string) (int, error) {
	n, ok := python.ParseInt(s, 8)
	if !ok {
		return 0, fmt.Errorf("%s can not be converted to an octal type", s)
	}
	return int(n), nil
}

// ParseBoolean reads true, yes, on or 1, or false, no, off or 0.
func ParseBoolean(s string) (bool, error) {
	switch python.Lower(s) {
	case "yes", "true", "on", "1":
		return true, nil
	case "no", "false", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("not a valid boolean value: %s", python.Repr(s))
}

// byteSize reads a number of bytes with an optional KB, MB or GB.
func byteSize(s string) (int64, error) {
	number, factor := python.Lower(s), int64(1)
	for _, unit := range []struct {
		suffix string
		factor int64
	}{{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}} {
		if trimmed, ok := strings.CutSuffix(number, unit.suffix); ok {
			number, factor = trimmed, unit.factor
			break
		}
	}
	n, ok := python.ParseInt(number, 10)
	switch {
	case !ok:
		return 0, fmt.Errorf("invalid literal for int() with base 10: %s", python.Repr(number))
	case n > math.MaxInt64/factor:
		return math.MaxInt64, nil
	case n < math.MinInt64/factor:
		return math.MinInt64, nil
	}
	return n * factor, nil
}

// ParseSignal reads a signal as stopsignal= and the signal commands take it: a
// number or a name, with or without SIG, in upper or lower case.
func ParseSignal(s string) (syscall.Signal, error) {
	n, ok := python.ParseInt(s, 10)
	if !ok {
		sig, ok := signals.Number(strings.ToUpper(python.Strip(s)))
		if !ok {
			return 0, fmt.Errorf("value %s is not a valid signal name", python.Repr(s))
		}
		return sig, nil
	}
	if n <= math.MaxInt32 && signals.Valid(int(n)) {
		return syscall.Signal(n), nil
	}
	return 0, fmt.Errorf("value %s is not a valid signal number", python.Repr(s))
}

// ParseList splits at commas; a trailing comma gives an empty last item. The
// error is always nil.
func ParseList(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	items := strings.Split(s, ",")
	for i := range items {
		items[i] = python.Strip(items[i])
	}
	return items, nil
}

// ParseName checks the name of a program, group or process. It must not contain the
// characters that separate words in events, parts of URLs, or group and process.
func ParseName(s string) (string, error) {
	n := python.Strip(s)
	if n == "" {
		return "", fmt.Errorf("Invalid name: %s because it is empty", python.Repr(s))
	}
	for _, c := range " :/" {
		if strings.ContainsRune(n, c) {
			return "", fmt.Errorf("Invalid name: %s because of character: %s", python.Repr(s), python.Repr(string(c)))
		}
	}
	return n, nil
}

// Address is what an [inet_http_server] listens on.
type Address struct {
	Host string // "" for all interfaces
	Port int
}

func inetAddress(s string) (Address, error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		port, err := PortNumber(s)
		if err != nil {
			return Address{}, fmt.Errorf("not a valid port number: %s ", python.Repr(s))
		}
		return Address{Port: port}, nil
	}
	if i == len(s)-1 {
		return Address{}, errors.New("no port number specified in ''")
	}
	port, err := PortNumber(s[i+1:])
	host := python.Lower(s[:i])
	if host == "*" {
		host = ""
	}
	return Address{host, port}, err
}

// PortNumber reads the number of a TCP port.
func PortNumber(s string) (int, error) {
	n, err := integer(s)
	switch {
	case err != nil:
		return 0, err
	case n < 1:
		return 0, fmt.Errorf("%d is below lower bound (1)", n)
	case n > 0xffff:
		return 0, fmt.Errorf("%d is above upper bound (65535)", n)
	}
	return n, nil
}
