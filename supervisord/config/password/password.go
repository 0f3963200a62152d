package password

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	prefixSHA    = "{SHA}"
	prefixBcrypt = "{bcrypt}"
	// maxCost makes a comparison take some seconds; each step more doubles the time.
	maxCost = 16
)

// Secret is a password of a configuration.
type Secret struct{ text string }

// Parse reads password= of a server. The error says what is wrong with the
// hash, without repeating it.
func Parse(text string) (Secret, error) {
	if hash, ok := strings.CutPrefix(text, prefixBcrypt); ok {
		if err := checkBcrypt(hash); err != nil {
			return Secret{}, err
		}
	}
	return Secret{text}, nil
}

// checkBcrypt finds the errors that bcrypt finds, and two that it does not: a hash
// that no password matches, and one whose comparison never ends.
func checkBcrypt(hash string) error {
	if ok, err := regexp.MatchString(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`, hash); err != nil || !ok {
		return errors.New("a bcrypt hash has 60 characters and begins with $2a$, $2b$ or $2y$ and its cost")
	}
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil:
		return err
	case cost > maxCost:
		return fmt.Errorf("its cost is %d, and more than %d takes too long", cost, maxCost)
	}
	return nil
}

// IsSlow reports whether a comparison takes long: up to seconds of processor time.
func (s Secret) IsSlow() bool { return strings.HasPrefix(s.text, prefixBcrypt) }

// Matches reports whether a client has sent the password.
func (s Secret) Matches(given string) bool {
	if hash, ok := strings.CutPrefix(s.text, prefixBcrypt); ok {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(given)) == nil
	}
	if digest, ok := strings.CutPrefix(s.text, prefixSHA); ok {
		sum := sha1.Sum([]byte(given))
		return Equal(hex.EncodeToString(sum[:]), digest)
	}
	return Equal(given, s.text)
}

// Equal compares in a time that depends on neither string nor its length.
func Equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
