package conns

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// listen returns a set and its listener on a unix socket.
func listen(t *testing.T) (set *Set, socket, l net.Listener) {
	t.Helper()
	socket, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	set = new(Set)
	l = set.Listener(socket)
	t.Cleanup(func() { l.Close() })
	return set, socket, l
}

// connect connects a client, and returns both ends.
func connect(t *testing.T, l net.Listener) (client net.Conn, c *Conn) {
	t.Helper()
	client, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return client, nc.(*Conn)
}

// send sends a text, and reads it at the other end.
func send(t *testing.T, client net.Conn, c *Conn, text string, want string) {
	t.Helper()
	if _, err := io.WriteString(client, text); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 100)
	if n, err := c.Read(p); err != nil || string(p[:n]) != want {
		t.Fatalf("read %q, %v, want %q", p[:n], err, want)
	}
}

const head = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n"

// TestReadStopsAtHead: a read delivers a head without what follows, then the body, and
// nothing of the next request before this one has ended.
func TestReadStopsAtHead(t *testing.T) {
	t.Parallel()
	_, _, l := listen(t)
	client, c := connect(t, l)
	send(t, client, c, head+"hi"+head, head)
	if !c.BeginRequest(2) {
		t.Fatal("parked")
	}
	p := make([]byte, 100)
	if n, err := c.Read(p); err != nil || string(p[:n]) != "hi" {
		t.Errorf("body: %q, %v", p[:n], err)
	}
	c.EndRequest()
	if n, err := c.Read(p); err != nil || string(p[:n]) != head {
		t.Errorf("next head: %q, %v", p[:n], err)
	}
}

// TestParkedConnectionIsRestored: Park returns the bytes of a request that was not
// executed, and another set delivers them again, followed by the rest.
func TestParkedConnectionIsRestored(t *testing.T) {
	t.Parallel()
	set, socket, l := listen(t)
	client, c := connect(t, l)
	send(t, client, c, head[:10], head[:10])
	set.Pause(socket)
	if n, err := c.Read(make([]byte, 1)); n != 0 || !err.(net.Error).Timeout() {
		t.Fatalf("parked: %d, %v", n, err)
	}
	if c.BeginRequest(0) {
		t.Error("a request begins on a parked connection")
	}
	if _, err := c.Write([]byte("400")); err == nil {
		t.Error("an answer is written on a parked connection")
	}
	c.Close()
	parked := set.Park(t.Context())
	if len(parked) != 1 {
		t.Fatalf("%d connections, want 1", len(parked))
	}
	next, _, after := listen(t)
	for fd, read := range parked {
		next.Restore(fd, read)
	}
	nc, err := after.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	send(t, client, nc.(*Conn), head[10:], head[:10])
	p := make([]byte, 100)
	if n, err := nc.Read(p); err != nil || string(p[:n]) != head[10:] {
		t.Errorf("rest: %q, %v", p[:n], err)
	}
}

// TestParkWaitsForRequest: Park returns when the request under way has ended, or without
// its connection when ctx ends.
func TestParkWaitsForRequest(t *testing.T) {
	t.Parallel()
	set, socket, l := listen(t)
	client, c := connect(t, l)
	send(t, client, c, head, head)
	c.BeginRequest(2)
	set.Pause(socket)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if parked := set.Park(ctx); len(parked) != 0 {
		t.Errorf("parked although busy: %v", parked)
	}
	set.Resume()
	send(t, client, c, "hi", "hi")
	c.EndRequest()
	send(t, client, c, head, head)
}
