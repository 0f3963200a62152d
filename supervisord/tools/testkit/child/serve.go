package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// serveHTTP answers HTTP requests on the sockets of sd_listen_fds(3). Each answer is a
// line: the process name, the pid and the name of the socket. After SIGTERM it answers
// the requests that it has accepted, and exits with 0; without sockets, with 3.
func serveHTTP() {
	listeners := listenFDs()
	if len(listeners) == 0 {
		fmt.Println("no sockets")
		os.Exit(3)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	var accepting, connections sync.WaitGroup
	var servers []*http.Server
	for name, l := range listeners {
		s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, os.Getenv("SUPERVISOR_PROCESS_NAME"), os.Getpid(), name)
		})}
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				connections.Add(1)
			case http.StateClosed, http.StateHijacked:
				connections.Done()
			case http.StateActive, http.StateIdle:
			}
		}
		servers = append(servers, s)
		accepting.Go(func() { _ = s.Serve(l) })
	}
	fmt.Println("serving", len(listeners))
	<-stop
	// Server.Shutdown would drop a request that has just been read, and misses a
	// connection that has just been accepted.
	for _, l := range listeners {
		l.Close()
	}
	accepting.Wait()
	for _, s := range servers {
		s.SetKeepAlivesEnabled(false)
	}
	connections.Wait()
	os.Exit(0)
}

// listenFDs returns the sockets that were passed to this process, by name.
func listenFDs() map[string]net.Listener {
	const firstFD = 3
	n, _ := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil
	}
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	listeners := make(map[string]net.Listener)
	for i := range n {
		f := os.NewFile(uintptr(firstFD+i), names[i])
		l, err := net.FileListener(f)
		if err != nil {
			panic(err)
		}
		f.Close()
		if local, ok := l.(*net.UnixListener); ok {
			local.SetUnlinkOnClose(false)
		}
		listeners[names[i]] = l
	}
	return listeners
}
