package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/system/inetaddr"
)

// Options is what servers need to know besides their addresses.
type Options struct {
	Log *slog.Logger
	// Stderr is told what Supervisor tells only there.
	Stderr io.Writer
	// Interfaces are the names of the configured RPC interfaces.
	Interfaces []string
	// Known tells that the log has been told of the servers already.
	Known bool
	// Inherited are the servers of the program that this process executed
	// before. Those that are not configured any more are closed.
	Inherited []Bequest
}

// Servers are listening sockets, and whoever answers on them.
type Servers struct {
	Options
	sites   []*site
	paused  atomic.Bool
	streams streams
}

// site is one server of the configuration.
type site struct {
	config.Server
	net.Listener
	guard   *guard
	file    os.FileInfo // of a unix socket
	removed sync.Once   // the file
	crowd   crowd
	handed  int // descriptor for the one who accepts next, -1 for none
}

// Listen binds all servers in order and lets the log know. Nothing is accepted
// before Serve, but clients may already connect. If one of them fails the
// others are given up, and the error is a *BindError.
func Listen(servers []config.Server, o Options) (*Servers, error) {
	s := &Servers{Options: o}
	defer discard(o.Inherited, func(b Bequest) bool {
		return slices.ContainsFunc(s.sites, func(st *site) bool { return st.Family == b.Family && address(st.Server) == b.Address })
	})
	for _, c := range servers {
		guard, err := newGuard(c, o.Stderr)
		if err != nil {
			_ = s.Close()
			return nil, err
		}
		st := &site{Server: c, guard: guard, handed: -1}
		if err := st.bind(o); err != nil {
			_ = s.Close() // the first failure is the one to tell
			return nil, &BindError{err}
		}
		s.sites = append(s.sites, st)
		s.announce(st)
	}
	return s, nil
}

func (st *site) bind(o Options) (err error) {
	if done, err := st.inherit(o.Inherited); done || err != nil {
		return err
	}
	if st.Family == "unix" {
		return st.bindUnix(o.Stderr)
	}
	// Supervisor serves IPv4 only, and configurations count on it: "*" would
	// otherwise reach networks that it did not reach before.
	var lc net.ListenConfig
	st.Listener, err = lc.Listen(context.Background(), "tcp4", net.JoinHostPort(inetaddr.Host(st.Host), strconv.Itoa(st.Port)))
	return err
}

// announce logs what Supervisor logs of a new server.
func (s *Servers) announce(st *site) {
	if s.Known {
		return
	}
	where, host, port := st.Host, st.Host, strconv.Itoa(st.Port)
	if st.Family == "unix" {
		where, host, port = st.Path, "<unix domain socket>", st.Path
	}
	s.Log.Log(context.Background(), logs.LevelTrace, fmt.Sprintf("%s:Medusa (V1.12) started at %s\n\tHostname: %s\n\tPort:%s",
		where, time.Now().Format(time.ANSIC), host, port))
	for _, name := range s.Interfaces {
		s.Log.Info(fmt.Sprintf("RPC interface '%s' initialized", name))
	}
	if st.Username == "" {
		s.Log.Log(context.Background(), logs.LevelCritical,
			fmt.Sprintf("Server '%s' running without any HTTP authentication checking", st.Section))
		s.warnOfNetwork(st)
	}
}

// warnOfNetwork says which of the servers without credentials concerns others
// than this host. The line above is logged for each, and overlooked.
func (s *Servers) warnOfNetwork(st *site) {
	if a, ok := st.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		s.Log.Warn(fmt.Sprintf("[%s] listens on %s without a password: who reaches it can run commands as the user of supervisord; "+
			"set username and password, or port=127.0.0.1:%d", st.Section, a, a.Port))
	}
}

// Close ends listening and removes the unix sockets, unless somebody else has
// put his own in their place. It may be called again.
func (s *Servers) Close() error {
	var all error
	for _, st := range s.sites {
		if !s.paused.Load() {
			st.removeFile()
		}
		if err := st.Listener.Close(); !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}
