package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// userAgent identifies probes in the programs' logs.
const userAgent = "supervisord-probe"

// transport serves all requests. It keeps no connections, because a server that is
// starting or stopping resets them, and uses no proxy, because what is probed runs
// on this machine.
var transport = &http.Transport{
	Proxy:             nil,
	DisableKeepAlives: true,
	// A certificate is for the public name, while a probe connects to 127.0.0.1.
	// The request holds nothing secret, so the server need not be verified.
	TLSClientConfig:        &tls.Config{InsecureSkipVerify: true},
	MaxResponseHeaderBytes: 64 << 10,
}

// client follows no redirect: a redirect is a response, too.
var client = &http.Client{
	Transport:     transport,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// httpGet returns nil for any status from 200 to 399. It does not read the body.
func httpGet(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode >= 200 && resp.StatusCode < 400 {
		return nil
	}
	return fmt.Errorf("http %d from %s", resp.StatusCode, redact(req.URL))
}

// redact returns a URL without user, query and fragment, which may be secret.
func redact(u *url.URL) string {
	redacted := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return redacted.String()
}

// dial opens a connection and closes it again.
func dial(ctx context.Context, network, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	conn.Close()
	return nil
}

// shortError returns err in a few words. started is when the probe began.
func shortError(ctx context.Context, started time.Time, err error) error {
	var dns *net.DNSError
	var errno syscall.Errno
	var header tls.RecordHeaderError
	switch {
	case err == nil:
		return nil
	case ctx.Err() == context.Canceled:
		return context.Canceled
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &dns):
		return fmt.Errorf("no address for %s", dns.Name)
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", rounded(time.Since(started)))
	case errors.Is(err, io.EOF):
		return errors.New("the connection was closed without an answer")
	case errors.As(err, &header):
		return errors.New("the answer is not TLS")
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // it begins with the URL, and its secrets
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

func rounded(d time.Duration) time.Duration {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
