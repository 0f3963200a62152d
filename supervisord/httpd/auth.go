package httpd

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// guard lets only those pass who know the user name and the password of a
// server. It stands in front of everything that the server has.
type guard struct {
	username, password string
	stderr             io.Writer
	next               http.Handler
}

func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.username == "" || g.admits(r.Header.Get("Authorization")) {
		g.next.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Connection", "close")
	w.Header().Set("WWW-Authenticate", `Basic realm="default"`)
	w.WriteHeader(http.StatusUnauthorized)
}

// admits checks the value of an Authorization header.
func (g guard) admits(authorization string) bool {
	if authorization == "" {
		return false
	}
	scheme, cookie, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "basic") {
		fmt.Fprintf(g.stderr, "unknown/unsupported auth method: %s\n", strings.ToLower(scheme))
		return false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(cookie))
	username, password, ok := strings.Cut(string(decoded), ":")
	if err != nil || !ok {
		fmt.Fprintf(g.stderr, "malformed authorization info <%s>\n", cookie)
		return false
	}
	// Both are compared in any case: which of them was wrong is not told by
	// the time either.
	right := same(username, g.username)
	if digest, ok := strings.CutPrefix(g.password, "{SHA}"); ok {
		sum := sha1.Sum([]byte(password))
		return same(hex.EncodeToString(sum[:]), digest) && right
	}
	return same(password, g.password) && right
}

// same compares in a time that tells nothing of either string, nor of their
// lengths.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
