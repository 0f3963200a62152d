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
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/tools/testkit"
)

// callPatterns are the ways in which clients send calls on a connection.
var callPatterns = map[string]struct {
	path     string
	send     func(w io.Writer, head, body string)
	perRound int  // calls sent before the answers are read
	once     bool // a new connection for each round
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
		time.Sleep(time.Millisecond) // lets a handover happen in between; the test does not depend on it
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
	executed chan struct{} // signalled by executions while a receiver waits
	count    sync.Map      // id to *atomic.Int64
}

func (c *callCounter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	n, _ := c.count.LoadOrStore(string(body), &atomic.Int64{})
	n.(*atomic.Int64).Add(1)
	select {
	case c.executed <- struct{}{}:
	default:
	}
	fmt.Fprintf(w, "done %s", body)
}

// client makes calls until ctx ends, and counts the answered ones in calls.
func (c *callCounter) client(ctx context.Context, t *testing.T, name string, dial func() (net.Conn, error), calls *atomic.Int64) {
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
			id := fmt.Sprintf("call %d", c.next.Add(1))
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

// answer reads the next final answer.
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

// TestEachCallIsExecutedOnce: in whatever state a connection is when the next binary
// takes over, each call is answered, and executed by exactly one of the two.
func TestEachCallIsExecutedOnce(t *testing.T) {
	t.Parallel()
	for _, family := range []string{"unix", "inet"} {
		for _, resumed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, resumed %v", family, resumed), func(t *testing.T) {
				t.Parallel()
				testEachCallOnce(t, family, resumed)
			})
		}
	}
}

func testEachCallOnce(t *testing.T, family string, resumed bool) {
	counter := &callCounter{executed: make(chan struct{})}
	in := serve(t, counter, func(c *config.Server) {
		if family == "inet" {
			c.Family, c.Host, c.AllowedHosts = family, "127.0.0.1", []string{"*"}
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	progress := make(map[string]*atomic.Int64)
	for name := range callPatterns {
		calls := &atomic.Int64{}
		progress[name] = calls
		for range 2 {
			clients.Go(func() {
				defer stop()
				counter.client(ctx, t, name, in.connect, calls)
			})
		}
	}
	now := handOverRepeatedly(ctx, t, in, counter, resumed, progress)
	stop()
	clients.Wait()
	now.end()
	in.ended <- <-now.ended // for the cleanup of in
	for id := range counter.next.Load() {
		name := fmt.Sprintf("call %d", id+1)
		n, ok := counter.count.Load(name)
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

// handOverRepeatedly hands the connections over, or, in two of three rounds if resumed
// is true, pauses and resumes the same servers. It ends when every pattern has made
// progress, and returns the servers that run then.
func handOverRepeatedly(ctx context.Context, t *testing.T, now *testServer, counter *callCounter, resumed bool, progress map[string]*atomic.Int64) *testServer {
	for round := 0; (round < 200 || !allAtLeast(progress, 20)) && ctx.Err() == nil; round++ {
		for range round % 7 {
			select {
			case <-counter.executed:
			case <-ctx.Done(): // a client has failed
			}
		}
		if err := now.Pause(); err != nil {
			t.Error(err)
			return now
		}
		if resumed && round%3 != 0 {
			limit, cancel := context.WithCancel(t.Context())
			if round%3 == 1 {
				cancel() // while requests are executed
			}
			now.HandOver(limit, descriptors.Set{})
			now.Resume()
			cancel()
			continue
		}
		next, err := now.handOver(t, counter)
		if err != nil {
			t.Error(err)
			return now
		}
		now = next
	}
	return now
}

func allAtLeast(progress map[string]*atomic.Int64, minimum int64) bool {
	for _, calls := range progress {
		if calls.Load() < minimum {
			return false
		}
	}
	return true
}
