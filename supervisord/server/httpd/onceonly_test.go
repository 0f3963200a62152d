package httpd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/tools/testkit"
)

// callers are the ways in which clients put calls on a connection. Each writes
// the calls of some ids; whether the connection is used again is for the test to
// say.
var callers = map[string]struct {
	path string
	send func(w io.Writer, head, body string)
	each int // calls a round
	once bool
}{
	"kept":                 {"/RPC2", whole, 1, false},
	"kept, net/http":       {"/RPC2/", whole, 1, false},
	"new":                  {"/RPC2", whole, 1, true},
	"new, net/http":        {"/RPC2/", whole, 1, true},
	"pipelined":            {"/RPC2", whole, 3, false},
	"pipelined, net/http":  {"/RPC2/", whole, 3, false},
	"half heads":           {"/RPC2", halfHead, 1, false},
	"half heads, net/http": {"/RPC2/", halfHead, 1, false},
	"pipelined and half":   {"/RPC2/", halfHead, 3, false},
	"late bodies":          {"/RPC2", lateBody, 1, false},
	"late, net/http":       {"/RPC2/", lateBody, 2, false},
	"expecting":            {"/RPC2", whole, 1, false},
}

func whole(w io.Writer, head, body string) { _, _ = io.WriteString(w, head+body) } // a failure shows in the answer

func halfHead(w io.Writer, head, body string) {
	for _, part := range []string{head[:1], head[1 : len(head)-3], head[len(head)-3:] + body} {
		whole(w, part, "")
		time.Sleep(time.Millisecond) // so that a handover may come in between; nothing depends on it
	}
}

func lateBody(w io.Writer, head, body string) {
	for _, part := range []string{head, body[:1], body[1:]} {
		whole(w, part, "")
		time.Sleep(time.Millisecond)
	}
}

// onceOnly counts how often each call was executed.
type onceOnly struct {
	next  atomic.Int64
	ran   chan struct{} // told of executions, if anybody waits for one
	count sync.Map      // id to *atomic.Int64
}

func (o *onceOnly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	n, _ := o.count.LoadOrStore(string(body), &atomic.Int64{})
	n.(*atomic.Int64).Add(1)
	select {
	case o.ran <- struct{}{}:
	default:
	}
	fmt.Fprintf(w, "done %s", body)
}

// client calls until ctx ends. It returns how often it has.
func (o *onceOnly) client(ctx context.Context, t *testing.T, name string, dial func() (net.Conn, error), calls *atomic.Int64) {
	kind := callers[name]
	var conn net.Conn
	var answers *bufio.Reader
	for ctx.Err() == nil {
		if conn == nil {
			var err error
			if conn, err = dial(); err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			_ = conn.SetDeadline(time.Now().Add(testkit.Patience))
			answers = bufio.NewReader(conn)
		}
		var ids []string
		var text strings.Builder
		for i := range kind.each {
			id := fmt.Sprintf("call %d", o.next.Add(1))
			ids = append(ids, id)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n", kind.path, len(id))
			if name == "expecting" {
				head = strings.Replace(head, "Host: x", "Host: x\r\nExpect: 100-continue", 1)
			}
			if i < kind.each-1 {
				text.WriteString(head + id)
				continue
			}
			kind.send(conn, text.String()+head, id)
		}
		for _, id := range ids {
			if got := answer(answers); got != "200 OK: done "+id {
				t.Errorf("%s: %s got %s", name, id, got)
				conn.Close()
				return
			}
			calls.Add(1)
		}
		if kind.once {
			conn.Close()
			conn = nil
		}
	}
	if conn != nil {
		conn.Close()
	}
}

// answer reads the next one that is final.
func answer(r *bufio.Reader) string {
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err.Error()
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err.Error()
		}
		if resp.StatusCode != http.StatusContinue {
			return resp.Status + ": " + string(body)
		}
	}
}

// TestEachCallIsExecutedOnce: whatever a connection is in the middle of when the
// next binary takes over, each call is answered, and executed by one of the two.
func TestEachCallIsExecutedOnce(t *testing.T) {
	t.Parallel()
	for _, family := range []string{"unix", "inet"} {
		for _, overtaken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, overtaken %v", family, overtaken), func(t *testing.T) {
				t.Parallel()
				eachCallOnce(t, family, overtaken)
			})
		}
	}
}

func eachCallOnce(t *testing.T, family string, overtaken bool) {
	o := &onceOnly{ran: make(chan struct{})}
	in := serve(t, o, func(c *config.Server) {
		if family == "inet" {
			c.Family, c.Host, c.AllowedHosts = family, "127.0.0.1", []string{"*"}
		}
	})
	site := in.sites[0]
	network, addr := "unix", in.path
	if family == "inet" {
		network, addr = "tcp", site.Addr().String()
	}
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	progress := make(map[string]*atomic.Int64)
	for name := range callers {
		calls := &atomic.Int64{}
		progress[name] = calls
		for range 2 {
			clients.Go(func() {
				defer stop()
				o.client(ctx, t, name, func() (net.Conn, error) { return net.Dial(network, addr) }, calls)
			})
		}
	}
	now := in
	for round := 0; (round < 200 || !all(progress, 20)) && ctx.Err() == nil; round++ {
		for range round % 7 {
			select {
			case <-o.ran:
			case <-ctx.Done(): // a client has given up
			}
		}
		if err := now.Pause(); err != nil {
			t.Error(err)
			break
		}
		if overtaken && round%3 != 0 {
			limit, cancel := context.WithCancel(t.Context())
			if round%3 == 1 {
				cancel() // in the middle
			}
			now.Bequeath(limit)
			now.Resume()
			cancel()
			continue
		}
		next, err := now.handOver(t, o)
		if err != nil {
			t.Error(err)
			break
		}
		now = next
	}
	stop()
	clients.Wait()
	now.end()
	in.ended <- <-now.ended // for the one who ends the first
	for id := range o.next.Load() {
		name := fmt.Sprintf("call %d", id+1)
		n, ok := o.count.Load(name)
		if !ok {
			t.Errorf("%s was never executed", name)
		} else if n := n.(*atomic.Int64).Load(); n != 1 {
			t.Errorf("%s was executed %d times", name, n)
		}
	}
	for name, calls := range progress {
		t.Logf("%s: %d calls", name, calls.Load())
	}
}

func all(progress map[string]*atomic.Int64, least int64) bool {
	for _, calls := range progress {
		if calls.Load() < least {
			return false
		}
	}
	return true
}
