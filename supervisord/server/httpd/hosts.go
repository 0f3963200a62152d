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

// hostCheck refuses requests for host names that are not this machine's. A page
// may have its own host name resolve to an address of ours (DNS rebinding); then
// browsers take us for its origin, and the name in Host is all that gives it
// away. What is no host name does not come from a browser, and an IP address
// needs no name server.
type hostCheck struct {
	section string
	log     *slog.Logger
	warn    sync.Once
	any     bool
	names   func() []string
}

// newHostCheck returns nil for servers without need of one: browsers don't reach
// unix sockets, and don't know the credentials for another name.
func newHostCheck(c config.Server, log *slog.Logger) *hostCheck {
	if c.Family == "unix" || c.Username != "" {
		return nil
	}
	return &hostCheck{section: c.Section, log: log, any: slices.Contains(c.AllowedHosts, "*"),
		names: sync.OnceValue(func() []string {
			return append(machineNames(hostsFile), append([]string{strings.ToLower(c.Host)}, c.AllowedHosts...)...)
		})}
}

// wrap returns a handler that hands on what is not refused.
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

// allows reports whether a host name is one of ours.
func (h *hostCheck) allows(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost") ||
		slices.ContainsFunc(h.names(), func(ours string) bool {
			domain, wildcard := strings.CutPrefix(ours, "*")
			return name == ours || wildcard && strings.HasPrefix(domain, ".") && strings.HasSuffix(name, domain)
		})
}

const hostsFile = "/etc/hosts"

// machineNames are the host name of this machine, with and without its domain,
// and those that stand beside it in the file of hosts.
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
