package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
)

// FreePort is a TCP port of the loopback interface that was free a moment ago.
func FreePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// FreeAddress is 127.0.0.1 with a FreePort.
func FreeAddress(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", FreePort(t))
}

// Answers reports whether a unix socket in the directory of the daemon accepts connections.
func (d *Daemon) Answers(socket string) bool {
	c, err := net.Dial("unix", d.Path(socket))
	if err == nil {
		c.Close()
	}
	return err == nil
}

// Get asks for a page over a new connection. A status other than 200 is an error.
func Get(url string) (string, error) {
	client := http.Client{Timeout: Timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, r.Status)
	}
	return string(body), err
}
