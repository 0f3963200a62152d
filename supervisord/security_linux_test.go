package supervisord_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// basic is the header of credentials.
func basic(username, word string) []string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(username, word)
	return []string{"Authorization", r.Header.Get("Authorization")}
}

// withServer adds a TCP server whose password has been hashed.
func (s *site) withServer(word string) *browser {
	s.t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(word), bcrypt.DefaultCost)
	if err != nil {
		s.t.Fatal(err)
	}
	port := freePort(s.t)
	s.write("supervisord.conf", s.read("supervisord.conf")+
		fmt.Sprintf("[inet_http_server]\nport=127.0.0.1:%d\nusername=user\npassword={bcrypt}%s\n", port, hash))
	return onTCP(s.t, port)
}

// addresses lists everything that the pages lead to, and what clients call.
func addresses(b *browser, credentials []string) []string {
	links := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	list := []string{"/", "/RPC2", "/logtail/p", "/logtail/p/stderr", "/mainlogtail", "/ok.html", "/favicon.ico"}
	for i := 0; i < len(list); i++ {
		if i > 0 && !strings.Contains(list[i], ".html") {
			continue // a file, or a log without an end
		}
		_, body := b.ask("GET", list[i], credentials...)
		for _, link := range links.FindAllStringSubmatch(body, -1) {
			path := "/" + strings.TrimPrefix(strings.ReplaceAll(link[1], "&amp;", "&"), "/")
			if !strings.Contains(path, "://") && !slices.Contains(list, path) {
				list = append(list, path)
			}
		}
	}
	return list
}

// TestEveryAddressWantsCredentials follows all links of the pages, and asks for
// each without credentials and with wrong ones. The password is a bcrypt hash.
func TestEveryAddressWantsCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.configure("[program:p]\ncommand=sleep 600\n")
	b := s.withServer("se:cret")
	s.start()
	s.awaitRunning("p")
	right := basic("user", "se:cret")
	b.expect(http.StatusOK, "tail.html", "GET", "/", right...)
	list := addresses(b, right)
	if len(list) < 10 || !slices.ContainsFunc(list, func(a string) bool { return strings.Contains(a, "tail.html") }) {
		t.Fatalf("found too few: %v", list)
	}
	for _, path := range list {
		for _, method := range []string{"GET", "POST"} {
			b.expect(http.StatusUnauthorized, "Error code 401", method, path)
		}
	}
	for _, wrong := range [][]string{basic("user", "secret"), basic("", ""), basic("use", "se:cret")} {
		b.expect(http.StatusUnauthorized, "Error code 401", "POST", "/RPC2", wrong...)
	}
	begun := time.Now()
	for range 100 {
		b.expect(http.StatusOK, "OK", "GET", "/ok.html", right...)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("100 requests of a known client took %v", took)
	}
}

// TestGuessing: those who try passwords cost less than half a processor and
// keep nobody from being answered who has passed before.
func TestGuessing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.configure("[program:p]\ncommand=sleep 600\n")
	b := s.withServer("secret")
	s.start()
	s.awaitRunning("p")
	right := basic("user", "secret")
	b.expect(http.StatusOK, "OK", "GET", "/ok.html", right...)
	before, begun := cpuTime(s.daemonPid()), time.Now()
	for i := range 50 {
		guess := *b // its connections can't be counted on after a refusal
		t.Cleanup(guess.CloseIdleConnections)
		go func() {
			r, _ := http.NewRequest(http.MethodGet, b.base+"/", http.NoBody)
			r.SetBasicAuth("user", fmt.Sprint(i))
			if resp, err := guess.Do(r); err == nil {
				resp.Body.Close()
			}
		}()
	}
	for time.Since(begun) < 3*time.Second {
		asked := time.Now()
		b.expect(http.StatusOK, "OK", "GET", "/ok.html", right...)
		if took := time.Since(asked); took > time.Second {
			t.Errorf("an answer took %v", took)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if used := cpuTime(s.daemonPid()) - before; used > time.Since(begun)/2 {
		t.Errorf("guessing took %v of %v", used, time.Since(begun))
	}
}

// cpuTime is how long a process has computed.
func cpuTime(pid int) time.Duration {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
