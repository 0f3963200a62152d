package httpd

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/password"
)

const (
	// rest is how many times as long as a slow comparison took nobody makes
	// another one, if it failed: guessing costs a quarter of a processor.
	rest = 3
	// turnTimeout is how long a client waits for its slow comparison.
	turnTimeout = 10 * time.Second
)

// guard lets only those pass who know the user name and the password of a
// server. It stands in front of everything that the server has.
type guard struct {
	username string
	secret   password.Secret
	stderr   io.Writer
	key      []byte                 // of digests; new in each life
	known    atomic.Pointer[string] // digest of the credentials that passed a slow comparison
	// turn holds one value, which whoever makes a slow comparison takes out:
	// the time until when nobody may.
	turn chan time.Time
}

// newGuard returns the guard of a server. The error is about its password.
func newGuard(c config.Server, stderr io.Writer) (*guard, error) {
	secret, err := password.Parse(c.Password)
	if err != nil {
		return nil, fmt.Errorf("password of [%s]: %w", c.Section, err)
	}
	g := &guard{username: c.Username, secret: secret, stderr: stderr, key: make([]byte, sha256.Size), turn: make(chan time.Time, 1)}
	_, _ = rand.Read(g.key) // it never fails
	g.turn <- time.Time{}
	return g, nil
}

// before returns a handler that hands on what the guard lets pass.
func (g *guard) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.username == "" {
			next.ServeHTTP(w, r)
			return
		}
		switch status := g.judge(r); status {
		case http.StatusOK:
			next.ServeHTTP(w, r)
		case http.StatusUnauthorized:
			w.Header().Set("WWW-Authenticate", `Basic realm="default"`)
			fallthrough
		default:
			w.Header().Set("Connection", "close")
			w.WriteHeader(status)
		}
	})
}

// judge returns the status to refuse a request with, or 200.
func (g *guard) judge(r *http.Request) int {
	username, word, ok := g.credentials(r.Header.Get("Authorization"))
	switch {
	case !ok:
		return http.StatusUnauthorized
	case g.secret.Slow():
		return g.compareSlowly(r.Context(), username, word)
	case g.compare(username, word):
		return http.StatusOK
	}
	return http.StatusUnauthorized
}

// credentials reads the value of an Authorization header.
func (g *guard) credentials(authorization string) (username, word string, ok bool) {
	if authorization == "" {
		return "", "", false
	}
	scheme, cookie, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "basic") {
		fmt.Fprintf(g.stderr, "unknown/unsupported auth method: %s\n", strings.ToLower(scheme))
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(cookie))
	username, word, ok = strings.Cut(string(decoded), ":")
	if err != nil || !ok {
		fmt.Fprintf(g.stderr, "malformed authorization info <%s>\n", cookie)
		return "", "", false
	}
	return username, word, true
}

// compare looks at both in any case: which of them was wrong is not told by the
// time either.
func (g *guard) compare(username, word string) bool {
	right := password.Same(username, g.username)
	return g.secret.Is(word) && right
}

// compareSlowly is compare for a password that takes long. Who has passed once
// passes at once from then on; for others there is one comparison at a time,
// and a rest after one that failed.
func (g *guard) compareSlowly(ctx context.Context, username, word string) int {
	digest := g.digest(username, word)
	if known := g.known.Load(); known != nil && hmac.Equal([]byte(*known), []byte(digest)) {
		return http.StatusOK
	}
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	if !g.awaitTurn(ctx) {
		return http.StatusServiceUnavailable
	}
	begun := time.Now()
	if g.compare(username, word) {
		g.known.Store(&digest)
		g.turn <- time.Time{}
		return http.StatusOK
	}
	g.turn <- time.Now().Add(rest * time.Since(begun))
	return http.StatusUnauthorized
}

// awaitTurn takes the turn, unless ctx ends before.
func (g *guard) awaitTurn(ctx context.Context) bool {
	select {
	case free := <-g.turn:
		timer := time.NewTimer(time.Until(free))
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-ctx.Done():
			g.turn <- free
		}
	case <-ctx.Done():
	}
	return false
}

// digest stands for credentials in memory. Without the key nothing can be
// concluded from it.
func (g *guard) digest(username, word string) string {
	h := hmac.New(sha256.New, g.key)
	h.Write([]byte(username + ":" + word)) // there is no colon in the name
	return string(h.Sum(nil))
}
