package sockets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// traffic is clients that ask for a page all the time, each time over a new connection.
type traffic struct {
	t                *testing.T
	network, address string
	answered, broken atomic.Int64
	stop             func()
}

// startTraffic starts clients, which run until stop is called. A connection that is
// refused fails the test, one that breaks is counted.
func startTraffic(t *testing.T, network, address string, clients int) *traffic {
	t.Helper()
	l := &traffic{t: t, network: network, address: address}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	l.stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(l.stop)
	for range clients {
		all.Go(func() {
			client := l.client()
			for ctx.Err() == nil {
				l.request(client)
			}
		})
	}
	return l
}

func (l *traffic) client() *http.Client {
	return &http.Client{Timeout: e2e.Timeout, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, l.network, l.address)
		},
	}}
}

func (l *traffic) request(client *http.Client) {
	r, err := client.Get("http://example.org/")
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	switch op, isOp := errors.AsType[*net.OpError](err); {
	case err == nil && r.StatusCode == http.StatusOK:
		l.answered.Add(1)
	case isOp && op.Op == "dial":
		l.t.Errorf("refused: %v", err)
	default:
		l.t.Logf("broken: %v", err)
		l.broken.Add(1)
	}
}

// awaitAnswers waits for 20 more answers.
func (l *traffic) awaitAnswers() {
	l.t.Helper()
	before := l.answered.Load()
	if !e2e.Poll(func() bool { return l.answered.Load() >= before+20 }) {
		l.t.Fatalf("no answer after the first %d", before)
	}
}

// expectNoFailures waits for answers, and fails the test if a connection has broken
// since the last call.
func (l *traffic) expectNoFailures(when string) {
	l.t.Helper()
	l.awaitAnswers()
	if n := l.broken.Swap(0); n > 0 {
		l.t.Errorf("%s: %d connections broke", when, n)
	}
}

// countListening counts the sockets that listen on a TCP port of this host.
func countListening(t *testing.T, port int) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) && f[3] == "0A" {
			n++
		}
	}
	return n
}
