package password

import (
	"crypto/sha1"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// cryptHash is the hash of "se:cret" by crypt(3), so that the test does not depend on
// the library that it tests.
const cryptHash = "{bcrypt}$2b$04$abcdefghijklmnopqrstuu17JYDSDnwCnbeRSI7wxymnD3SKI1vtG"

func TestSecretMatches(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 8)
	hash, err := bcrypt.GenerateFromPassword([]byte(long[:72]), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text, given string
		want        bool
	}{
		{"se:cret", "se:cret", true},
		{"se:cret", "se:cre", false},
		{"se:cret", "se:crett", false},
		{"se:cret", "", false},
		{"", "", true},
		{fmt.Sprintf("{SHA}%x", sha1.Sum([]byte("se:cret"))), "se:cret", true},
		{fmt.Sprintf("{SHA}%x", sha1.Sum([]byte("se:cret"))), "secret", false},
		{fmt.Sprintf("{SHA}%X", sha1.Sum([]byte("se:cret"))), "se:cret", false},
		{fmt.Sprintf("{sha}%x", sha1.Sum([]byte("se:cret"))), "se:cret", false},
		{cryptHash, "se:cret", true},
		{strings.Replace(cryptHash, "$2b$", "$2y$", 1), "se:cret", true},
		{cryptHash, "se:cret ", false},
		{cryptHash, "", false},
		{cryptHash, cryptHash, false},
		{"{BCRYPT}x", "{BCRYPT}x", true},        // clear text as any other
		{"{bcrypt}" + string(hash), long, true}, // bcrypt looks at 72 bytes, wherever it is made
		{"{bcrypt}" + string(hash), long[:71], false},
	} {
		s, err := Parse(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		}
		if got := s.Matches(tt.given); got != tt.want {
			t.Errorf("%q is %q: %v", tt.given, tt.text, got)
		}
		if s.IsSlow() != strings.HasPrefix(tt.text, "{bcrypt}") {
			t.Errorf("%q is slow: %v", tt.text, s.IsSlow())
		}
	}
}

func TestInvalidHashes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{bcrypt}":                   "60 characters",
		"{bcrypt}secret":             "60 characters",
		cryptHash[:len(cryptHash)-1]: "60 characters",
		cryptHash + "a":              "60 characters",
		cryptHash + "\n":             "60 characters",
		strings.Replace(cryptHash, "$2b$", "$2x$", 1):  "60 characters", // the variant with the fault of 2011
		strings.Replace(cryptHash, "$2b$", "$5$5$", 1): "60 characters",
		strings.Replace(cryptHash, "$04$", "$03$", 1):  "cost",
		strings.Replace(cryptHash, "$04$", "$17$", 1):  "its cost is 17",
		strings.Replace(cryptHash, "$04$", "$31$", 1):  "its cost is 31",
		strings.Replace(cryptHash, "$04$", "$99$", 1):  "cost",
		cryptHash[:20] + "!" + cryptHash[21:]:          "60 characters",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), text[len(text)-8:]) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
