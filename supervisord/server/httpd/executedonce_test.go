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

// callPatterns are the ways in which clients put calls on a connection. Each writes
// the calls of some ids; whether the connection is used again is for the test to
// say.
var callPatterns = map[string]struct {
	path     string
	send     func(w io.Writer, head, body string)
	perRound int // calls a round
	once     bool
}{
	"kept":                 {"/RPC2", sendWhole, 1, false},
	"kept, net/http":       {"/RPC2/", sendWhole, 1, false},
	"new":                  {"/RPC2", sendWhole, 1, true},
	"new, net/http":        {"/RPC2/", sendWhole, 1, true},
	"pipelined":            {"/RPC2", sendWhole, 3, false},
	"pipelined, net/http":  {"/RPC2/", sendWhole, 3, false},
	"half heads":           {"/RPC2", sendSplitHead, 1, false},
	"half heads, net/http": {"/RPC2/", sendSplitHead, 1, false},
	"pipelined and half":   {"/RPC2/", sendSplitHead, 3, false},
	"late bodies":          {"/RPC2", sendLateBody, 1, false},
	"late, net/http":       {"/RPC2/", sendLateBody, 2, false},
	"expecting":            {"/RPC2", sendWhole, 1, false},
}

func sendWhole(w io.Writer, head, body string) { _, _ = io.WriteString(w, head+body) } // a failure shows in the answer

func sendSplitHead(w io.Writer, head, body string) {
	for _, part := range []string{head[:1], head[1 : len(head)-3], head[len(head)-3:] + body} {
		sendWhole(w, part, "")
		time.Sleep(time.Millisecond) // so that a handover may come in between; nothing depends on it
	}
}

func sendLateBody(w io.Writer, head, body string) {
	for _, part := range []string{head, body[:1], body[1:]} {
		sendWhole(w, part, "")
		time.Sleep(time.Millisecond)
	}
}

// callCounter counts how often each call was executed.
type callCounter struct {
	next     atomic.Int64
	executed chan struct{} // told of executions, if anybody waits for one
	count    sync.Map      // id to *atomic.Int64
}

func (o *callCounter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	n, _ := o.count.LoadOrStore(string(body), &atomic.Int64{})
	n.(*atomic.Int64).Add(1)
	select {
	case o.executed <- struct{}{}:
	default:
	}
	fmt.Fprintf(w, "done %s", body)
}

// client calls until ctx ends. It returns how often it has.
func (o *callCounter) client(ctx context.Context, t *testing.T, name string, dial func() (net.Conn, error), calls *atomic.Int64) {
	kind := callPatterns[name]
	var conn net.Conn
	var answers *bufio.Reader
	for ctx.Err() == nil {
		if conn == nil {
			var err error
			if conn, err = dial(); err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			_ = conn.SetDeadline(time.Now().Add(testkit.Timeout))
			answers = bufio.NewReader(conn)
		}
		var ids []string
		var text strings.Builder
		for i := range kind.perRound {
			id := fmt.Sprintf("call %d", o.next.Add(1))
			ids = append(ids, id)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n", kind.path, len(id))
			if name == "expecting" {
				head = strings.Replace(head, "Host: x", "Host: x\r\nExpect: 100-continue", 1)
			}
			if i < kind.perRound-1 {
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
		for _, resumed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, overtaken %v", family, resumed), func(t *testing.T) {
				t.Parallel()
				testEachCallOnce(t, family, resumed)
			})
		}
	}
}

func testEachCallOnce(t *testing.T, family string, resumed bool) {
	o := &callCounter{executed: make(chan struct{})}
	in := serve(t, o, func(c *config.Server) {
		if family == "inet" {
			c.Family, c.Host, c.AllowedHosts = family, "127.0.0.1", []string{"*"}
		}
	})
	ep := in.endpoints[0]
	network, addr := "unix", in.path
	if family == "inet" {
		network, addr = "tcp", ep.Addr().String()
	}
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	progress := make(map[string]*atomic.Int64)
	for name := range callPatterns {
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
	for round := 0; (round < 200 || !allAtLeast(progress, 20)) && ctx.Err() == nil; round++ {
		for range round % 7 {
			select {
			case <-o.executed:
			case <-ctx.Done(): // a client has given up
			}
		}
		if err := now.Pause(); err != nil {
			t.Error(err)
			break
		}
		if resumed && round%3 != 0 {
			limit, cancel := context.WithCancel(t.Context())
			if round%3 == 1 {
				cancel() // in the middle
			}
			now.Save(limit)
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

func allAtLeast(progress map[string]*atomic.Int64, minimum int64) bool {
	for _, calls := range progress {
		if calls.Load() < minimum {
			return false
		}
	}
	return true
}
