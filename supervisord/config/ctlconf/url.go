package ctlconf

import (
	"errors"
	"fmt"
	"strings"

	"supervisor/supervisord/config/python"
)

// CheckURL accepts what Supervisor takes for a URL on the command line of
// supervisorctl: a scheme, and something after it.
func CheckURL(value string) error {
	url := strings.TrimLeftFunc(value, func(r rune) bool { return r <= ' ' })
	url = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(url)
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok || !isScheme(scheme) {
		return fmt.Errorf("value %s is not a URL", python.Repr(value))
	}
	netloc, hasNetloc := strings.CutPrefix(rest, "//")
	if hasNetloc {
		netloc, rest = cutAny(netloc, "/?#")
		if strings.Contains(netloc, "[") != strings.Contains(netloc, "]") {
			return errors.New("Invalid IPv6 URL")
		}
	} else {
		netloc = ""
	}
	path, _ := cutAny(rest, "?#")
	if netloc == "" && path == "" {
		return fmt.Errorf("value %s is not a URL", python.Repr(value))
	}
	return nil
}

// cutAny splits s before the first of the characters.
func cutAny(s, chars string) (before, rest string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// isScheme reports whether s is a letter followed by letters, digits and "+-.".
func isScheme(s string) bool {
	for i, r := range s {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= r && r <= '9' || strings.ContainsRune("+-.", r))) {
			return false
		}
	}
	return s != ""
}
