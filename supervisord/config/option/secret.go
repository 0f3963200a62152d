package option

import "strings"

// LooksSecret reports whether a variable of that name probably has a secret value.
func LooksSecret(name string) bool {
	words := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	for _, word := range words {
		switch word {
		case "KEY", "KEYS", "APIKEY", "AUTH", "CREDENTIAL", "CREDENTIALS", "DSN", "PASS", "PIN", "PRIVATE", "SALT", "SIGNATURE":
			return true
		case "PWD": // alone it is the working directory
			if len(words) > 1 {
				return true
			}
		}
		for _, part := range []string{"PASSW", "PASSPHRASE", "SECRET", "TOKEN", "COOKIE"} {
			if strings.Contains(word, part) {
				return true
			}
		}
	}
	return false
}

// mask replaces what is not shown.
const mask = "********"

// Mask returns a variable's value without its secrets, and whether it had any: the
// whole value if the name looks secret, else the password of a URL.
func Mask(name, value string) (shown string, masked bool) {
	if LooksSecret(name) && value != "" {
		return mask, true
	}
	scheme, rest, ok := strings.Cut(value, "://")
	if !ok {
		return value, false
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	at := strings.LastIndexByte(authority, '@')
	colon := strings.IndexByte(authority, ':')
	if colon < 0 || colon > at-2 {
		return value, false
	}
	return scheme + "://" + rest[:colon+1] + mask + rest[at:], true
}
