package main

import (
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// readinessVerbs are the verbs by which a child reports that it is ready and healthy.
var readinessVerbs = map[string]func(arg string){
	"notify":   notify,
	"watchdog": func(file string) { go sendWatchdog(file) },
	"writefd":  func(fd string) { f := os.NewFile(uintptr(number(fd)), "writefd"); f.WriteString("\n"); f.Close() },
	"await":    waitForFile,
	"open":     serveHealth,
}

// notify is sd_notify(3). It ignores errors, as most programs do.
func notify(text string) {
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: os.Getenv("NOTIFY_SOCKET"), Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(strings.ReplaceAll(text, "|", "\n")))
}

func sendWatchdog(file string) {
	for {
		if _, err := os.Stat(file); err == nil {
			notify("WATCHDOG=1")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func waitForFile(file string) {
	for {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func serveHealth(arg string) {
	address, unhealthyFile, _ := strings.Cut(arg, ",")
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
		os.Remove(address)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(unhealthyFile); err == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
}
