package httpd

import (
	"bufio"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"supervisor/supervisord/config"
	"supervisor/supervisord/server/hostheader"
)

// hostCheck refuses requests for host names that are not this machine's. A web page
// may let its own host name resolve to an address of ours (DNS rebinding); then
// browsers take us for its origin, and only the name in Host shows the difference.
// What is not a host name does not come from a browser, and an IP address can't be
// rebound.
type hostCheck struct {
	section string
	log     *slog.Logger
	warn    sync.Once
	any     bool            // every name is allowed
	names   func() []string // the allowed ones, read at the first call
}

// newHostCheck returns nil for servers that need no check: browsers can't reach unix
// sockets, and don't send a server's credentials to another host name.
func newHostCheck(c config.Server, log *slog.Logger) *hostCheck {
	if c.Family == "unix" || c.Username != "" {
		return nil
	}
	return &hostCheck{section: c.Section, log: log, any: slices.Contains(c.AllowedHosts, "*"),
		names: sync.OnceValue(func() []string {
			return append(machineNames(hostsFile), append([]string{strings.ToLower(c.Host)}, c.AllowedHosts...)...)
		})}
}

// wrap returns a handler that passes allowed requests to next.
func (h *hostCheck) wrap(next http.Handler) http.Handler {
	if h == nil || h.any {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := hostheader.Name(r.Host)
		if !ok || h.allows(name) {
			next.ServeHTTP(w, r)
			return
		}
		h.warn.Do(func() {
			h.log.Warn(fmt.Sprintf("[%s] refuses requests for the unknown host name %q; if it is meant, add it to allowed_hosts", h.section, name))
		})
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusMisdirectedRequest)
		fmt.Fprintf(w, "Refused: this server has no password, and %q is not a host name that it knows.\n"+
			"If that name is meant, add it to allowed_hosts in [%s], or set username and password.\n", name, h.section)
	})
}

// allows reports whether a host name, in lower case, is one of ours.
func (h *hostCheck) allows(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost") ||
		slices.ContainsFunc(h.names(), func(ours string) bool {
			domain, wildcard := strings.CutPrefix(ours, "*")
			return name == ours || wildcard && strings.HasPrefix(domain, ".") && strings.HasSuffix(name, domain)
		})
}

const hostsFile = "/etc/hosts"

// machineNames returns the host name of this machine, with and without its domain,
// and the names on the same lines of the hosts file.
func machineNames(file string) []string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return nil
	}
	name = strings.ToLower(name)
	short, _, _ := strings.Cut(name, ".")
	names := []string{name, short}
	f, err := os.Open(file)
	if err != nil {
		return names
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		line, _, _ := strings.Cut(s.Text(), "#")
		words := strings.Fields(strings.ToLower(line))
		if len(words) > 1 && (slices.Contains(words[1:], name) || slices.Contains(words[1:], short)) {
			names = append(names, words[1:]...)
		}
	}
	return names
}
