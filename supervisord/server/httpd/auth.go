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
	// failureDelayFactor is how many times as long as a slow comparison took nobody makes
	// another one, if it failed: guessing costs a quarter of a processor.
	failureDelayFactor = 3
	// turnTimeout is how long a client waits for its slow comparison.
	turnTimeout = 10 * time.Second
)

// authenticator lets only those pass who know the user name and the password of a
// server. It stands in front of everything that the server has.
type authenticator struct {
	username string
	secret   password.Secret
	stderr   io.Writer
	key      []byte                 // of digests; new in each life
	accepted atomic.Pointer[string] // digest of the credentials that passed a slow comparison
	// turn holds one value, which whoever makes a slow comparison takes out:
	// the time until when nobody may.
	turn chan time.Time
}

// newAuthenticator returns the guard of a server. The error is about its password.
func newAuthenticator(c config.Server, stderr io.Writer) (*authenticator, error) {
	secret, err := password.Parse(c.Password)
	if err != nil {
		return nil, fmt.Errorf("password of [%s]: %w", c.Section, err)
	}
	g := &authenticator{username: c.Username, secret: secret, stderr: stderr, key: make([]byte, sha256.Size), turn: make(chan time.Time, 1)}
	_, _ = rand.Read(g.key) // it never fails
	g.turn <- time.Time{}
	return g, nil
}

// wrap returns a handler that hands on what the guard lets pass.
func (g *authenticator) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.username == "" {
			next.ServeHTTP(w, r)
			return
		}
		switch status := g.authenticate(r); status {
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

// authenticate returns the status to refuse a request with, or 200.
func (g *authenticator) authenticate(r *http.Request) int {
	username, pass, ok := g.credentials(r.Header.Get("Authorization"))
	switch {
	case !ok:
		return http.StatusUnauthorized
	case g.secret.IsSlow():
		return g.compareSlowly(r.Context(), username, pass)
	case g.compare(username, pass):
		return http.StatusOK
	}
	return http.StatusUnauthorized
}

// credentials reads the value of an Authorization header.
func (g *authenticator) credentials(authorization string) (username, pass string, ok bool) {
	if authorization == "" {
		return "", "", false
	}
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "basic") {
		fmt.Fprintf(g.stderr, "unknown/unsupported auth method: %s\n", strings.ToLower(scheme))
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	username, pass, ok = strings.Cut(string(decoded), ":")
	if err != nil || !ok {
		fmt.Fprintf(g.stderr, "malformed authorization info <%s>\n", encoded)
		return "", "", false
	}
	return username, pass, true
}

// compare looks at both in any case: which of them was wrong is not told by the
// time either.
func (g *authenticator) compare(username, pass string) bool {
	right := password.Equal(username, g.username)
	return g.secret.Matches(pass) && right
}

// compareSlowly is compare for a password that takes long. Who has passed once
// passes at once from then on; for others there is one comparison at a time,
// and a rest after one that failed.
func (g *authenticator) compareSlowly(ctx context.Context, username, pass string) int {
	digest := g.digest(username, pass)
	if known := g.accepted.Load(); known != nil && hmac.Equal([]byte(*known), []byte(digest)) {
		return http.StatusOK
	}
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	if !g.awaitTurn(ctx) {
		return http.StatusServiceUnavailable
	}
	begun := time.Now()
	if g.compare(username, pass) {
		g.accepted.Store(&digest)
		g.turn <- time.Time{}
		return http.StatusOK
	}
	g.turn <- time.Now().Add(failureDelayFactor * time.Since(begun))
	return http.StatusUnauthorized
}

// awaitTurn takes the turn, unless ctx ends before.
func (g *authenticator) awaitTurn(ctx context.Context) bool {
	select {
	case notBefore := <-g.turn:
		timer := time.NewTimer(time.Until(notBefore))
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-ctx.Done():
			g.turn <- notBefore
		}
	case <-ctx.Done():
	}
	return false
}

// digest stands for credentials in memory. Without the key nothing can be
// concluded from it.
func (g *authenticator) digest(username, pass string) string {
	h := hmac.New(sha256.New, g.key)
	h.Write([]byte(username + ":" + pass)) // there is no colon in the name
	return string(h.Sum(nil))
}
