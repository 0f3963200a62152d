package config

import "strings"

// LooksSecret tells whether a variable of that name probably has a value that is
// not for everybody's eyes.
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
