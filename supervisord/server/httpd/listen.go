package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/httpd/conns"
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/inetaddr"
	"supervisor/supervisord/system/sockets"
)

// Options is what servers need to know besides their addresses.
type Options struct {
	Log *slog.Logger
	// Stderr receives the messages that Supervisor writes only to stderr.
	Stderr io.Writer
	// Interfaces are the names of the configured RPC interfaces, for the log.
	Interfaces []string
	// Announced says that the servers have been logged before.
	Announced bool
	// Saved are the servers that another binary handed over, and Descriptors what is
	// open of them. Servers that are not configured any more are closed.
	Saved       []State
	Descriptors descriptors.Set
}

// Servers are the listening sockets of the configuration.
type Servers struct {
	opts      Options
	endpoints []*endpoint
	paused    atomic.Bool
	streams   streams
}

// endpoint is one server of the configuration.
type endpoint struct {
	config.Server
	net.Listener
	auth       *authenticator
	file       *sockets.File // of a unix socket
	removed    sync.Once     // the file
	conns      conns.Set
	handoverFD int // duplicate of the socket for the next binary, -1 for none
}

// Listen binds all servers in order and logs them. Connections are accepted only by
// Serve, but clients may already connect. If one server fails, the others are closed,
// and the error is a *BindError; an error about a password is not.
func Listen(servers []config.Server, o Options) (*Servers, error) {
	s := &Servers{opts: o}
	defer s.closeUnwanted(o.Saved, o.Descriptors)
	for _, c := range servers {
		auth, err := newAuthenticator(c, o.Stderr)
		if err != nil {
			_ = s.Close()
			return nil, err
		}
		ep := &endpoint{Server: c, auth: auth, handoverFD: -1}
		if err := ep.bind(o); err != nil {
			_ = s.Close() // the first failure is the one to report
			return nil, &BindError{err}
		}
		s.endpoints = append(s.endpoints, ep)
		s.announce(ep)
	}
	return s, nil
}

func (ep *endpoint) bind(o Options) (err error) {
	if done, err := ep.restore(o.Saved, o.Descriptors); done || err != nil {
		return err
	}
	if ep.Family == "unix" {
		return ep.bindUnix(o.Stderr)
	}
	// Supervisor serves IPv4 only, and configurations rely on it: with IPv6, "*" would
	// be reachable from networks that it was not reachable from before.
	var lc net.ListenConfig
	ep.Listener, err = lc.Listen(context.Background(), "tcp4", net.JoinHostPort(inetaddr.Host(ep.Host), strconv.Itoa(ep.Port)))
	return err
}

// announce logs what Supervisor logs about a new server.
func (s *Servers) announce(ep *endpoint) {
	if s.opts.Announced {
		return
	}
	where, host, port := ep.Host, ep.Host, strconv.Itoa(ep.Port)
	if ep.Family == "unix" {
		where, host, port = ep.Path, "<unix domain socket>", ep.Path
	}
	s.opts.Log.Log(context.Background(), logs.LevelTrace, fmt.Sprintf("%s:Medusa (V1.12) started at %s\n\tHostname: %s\n\tPort:%s",
		where, time.Now().Format(time.ANSIC), host, port))
	for _, name := range s.opts.Interfaces {
		s.opts.Log.Info(fmt.Sprintf("RPC interface '%s' initialized", name))
	}
	if ep.Username == "" {
		s.opts.Log.Log(context.Background(), logs.LevelCritical,
			fmt.Sprintf("Server '%s' running without any HTTP authentication checking", ep.Section))
		s.warnOfNetwork(ep)
	}
}

// warnOfNetwork warns of a server without credentials that other hosts can reach. The
// line that Supervisor logs for every such server is easily overlooked.
func (s *Servers) warnOfNetwork(ep *endpoint) {
	if a, ok := ep.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		s.opts.Log.Warn(fmt.Sprintf("[%s] listens on %s without a password: who reaches it can run commands as the user of supervisord; "+
			"set username and password, or port=127.0.0.1:%d", ep.Section, a, a.Port))
	}
}

// Close closes the sockets and removes the files of unix sockets, unless another
// process has replaced them by its own. It may be called again.
func (s *Servers) Close() error {
	var all error
	for _, ep := range s.endpoints {
		if !s.paused.Load() {
			ep.removeFile()
		}
		if err := ep.Listener.Close(); !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}
