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
	// failureDelayFactor times the duration of a failed slow comparison must pass before
	// the next one begins. So guessing takes at most a quarter of a processor.
	failureDelayFactor = 3
	// turnTimeout is how long a client waits for its turn to be compared slowly.
	turnTimeout = 10 * time.Second
)

// authenticator checks the credentials of requests to one server, before anything
// else of the server sees them.
type authenticator struct {
	username string
	secret   password.Secret
	stderr   io.Writer
	key      []byte                 // of digests; random for each start of the daemon
	accepted atomic.Pointer[string] // digest of the credentials that passed a slow comparison
	// turn holds one value: the time at which the next slow comparison may begin. Who
	// makes one takes the value out, and puts a new one in at the end.
	turn chan time.Time
}

// newAuthenticator returns the authenticator of a server. It fails if the configured
// password is malformed.
func newAuthenticator(c config.Server, stderr io.Writer) (*authenticator, error) {
	secret, err := password.Parse(c.Password)
	if err != nil {
		return nil, fmt.Errorf("password of [%s]: %w", c.Section, err)
	}
	a := &authenticator{username: c.Username, secret: secret, stderr: stderr, key: make([]byte, sha256.Size), turn: make(chan time.Time, 1)}
	_, _ = rand.Read(a.key) // never fails
	a.turn <- time.Time{}
	return a, nil
}

// wrap returns a handler that passes authenticated requests to next.
func (a *authenticator) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.username == "" {
			next.ServeHTTP(w, r)
			return
		}
		switch status := a.authenticate(r); status {
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

// authenticate returns 200, or the status with which to refuse the request.
func (a *authenticator) authenticate(r *http.Request) int {
	username, pass, ok := a.credentials(r.Header.Get("Authorization"))
	switch {
	case !ok:
		return http.StatusUnauthorized
	case a.secret.IsSlow():
		return a.compareSlowly(r.Context(), username, pass)
	case a.compare(username, pass):
		return http.StatusOK
	}
	return http.StatusUnauthorized
}

// credentials parses the value of an Authorization header.
func (a *authenticator) credentials(authorization string) (username, pass string, ok bool) {
	if authorization == "" {
		return "", "", false
	}
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "basic") {
		fmt.Fprintf(a.stderr, "unknown/unsupported auth method: %s\n", strings.ToLower(scheme))
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	username, pass, ok = strings.Cut(string(decoded), ":")
	if err != nil || !ok {
		fmt.Fprintf(a.stderr, "malformed authorization info <%s>\n", encoded)
		return "", "", false
	}
	return username, pass, true
}

// compare always compares both, so that its duration does not reveal which of them
// is wrong.
func (a *authenticator) compare(username, pass string) bool {
	right := password.Equal(username, a.username)
	return a.secret.Matches(pass) && right
}

// compareSlowly is compare for a password whose comparison is slow by intention.
// Credentials that have passed once pass at once from then on. All others are compared
// one at a time, with a delay after a failure. It returns an HTTP status.
func (a *authenticator) compareSlowly(ctx context.Context, username, pass string) int {
	digest := a.digest(username, pass)
	if known := a.accepted.Load(); known != nil && hmac.Equal([]byte(*known), []byte(digest)) {
		return http.StatusOK
	}
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	if !a.awaitTurn(ctx) {
		return http.StatusServiceUnavailable
	}
	begun := time.Now()
	if a.compare(username, pass) {
		a.accepted.Store(&digest)
		a.turn <- time.Time{}
		return http.StatusOK
	}
	a.turn <- time.Now().Add(failureDelayFactor * time.Since(begun))
	return http.StatusUnauthorized
}

// awaitTurn waits until this goroutine may make a slow comparison. It returns false if
// ctx ends before that.
func (a *authenticator) awaitTurn(ctx context.Context) bool {
	select {
	case notBefore := <-a.turn:
		timer := time.NewTimer(time.Until(notBefore))
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-ctx.Done():
			a.turn <- notBefore
		}
	case <-ctx.Done():
	}
	return false
}

// digest is the form in which accepted credentials are kept in memory. Without the key
// nothing can be learnt from it.
func (a *authenticator) digest(username, pass string) string {
	h := hmac.New(sha256.New, a.key)
	h.Write([]byte(username + ":" + pass)) // unambiguous: a user name has no colon
	return string(h.Sum(nil))
}
