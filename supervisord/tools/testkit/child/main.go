package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/fcgi"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The child does what its arguments say, in order:
//
//	say TEXT      write a line to stdout
//	warn TEXT     write a line to stderr
//	bytes N       write N bytes to stdout
//	env NAME      write the value of a variable to stdout
//	umask         write the umask, in octal, to stdout
//	cwd           write the working directory to stdout
//	ids           write uid, gid and groups to stdout
//	group         write whether it leads its own process group
//	fds           write the descriptors beyond the standard three to stdout
//	ignore SIG    ignore a signal, by number
//	echo          copy stdin to stdout until its end
//	fcgi          answer FastCGI requests on the socket that is descriptor 0,
//	              with its process name and the URL of the request
//	serve         answer HTTP requests on the sockets of LISTEN_FDS, with its
//	              process name, its pid and the name of the socket
//	open ADDRESS,FILE
//	              answer HTTP requests at host:port or a path from now on, with
//	              200, or with 503 while the file exists
//	notify TEXT   send a message to NOTIFY_SOCKET; | is the end of a line
//	watchdog FILE send WATCHDOG=1 there all the time while the file exists
//	writefd FD    write a line to a descriptor and close it
//	await FILE    wait until the file exists
//	listen N      be an event listener for N events: write each to stderr, a
//	              line each, and accept it
//	reject N      the same, but reject them
//	close FD      close a descriptor
//	fork ARG… --  start another child with these arguments, which inherits
//	              stdout, and go on
//	kill SIG      send itself a signal
//	exit N        end
//	wait          wait until killed, or for ten minutes
func main() {
	args := os.Args[1:]
	for len(args) > 0 {
		args = runVerb(args[0], args[1:])
	}
}

func runVerb(verb string, args []string) []string {
	if run, ok := noArgVerbs[verb]; ok {
		run()
		return args
	}
	if verb == "fork" {
		return spawnChild(args)
	}
	runWithArg(verb, args[0])
	return args[1:]
}

var noArgVerbs = map[string]func(){
	"umask": func() {
		mask := syscall.Umask(0)
		syscall.Umask(mask)
		fmt.Printf("%03o\n", mask)
	},
	"cwd": func() {
		dir, _ := os.Getwd()
		fmt.Println(dir)
	},
	"ids": func() {
		groups, _ := os.Getgroups()
		fmt.Println(os.Getuid(), os.Getgid(), groups)
	},
	"group": func() { fmt.Println(syscall.Getpgrp() == os.Getpid()) },
	"fds":   fds,
	"echo":  func() { io.Copy(os.Stdout, bufio.NewReader(os.Stdin)) },
	"fcgi":  serveFastCGI,
	"serve": serveHTTP,
	"wait":  func() { time.Sleep(10 * time.Minute) },
}

func serveFastCGI() {
	err := fcgi.Serve(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, os.Getenv("SUPERVISOR_PROCESS_NAME"), "answers", r.URL)
	}))
	panic(err) // it serves until it is ended
}

// fds leaves out what Go's runtime opens for itself: its poller, and the files of the
// processor limit.
func fds() {
	entries, _ := os.ReadDir("/proc/self/fd")
	var list []string
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		n, _ := strconv.Atoi(e.Name())
		if err != nil || n < 3 || isRuntimeFD(target) {
			continue
		}
		list = append(list, target)
	}
	fmt.Println(list)
}

func isRuntimeFD(target string) bool {
	for _, prefix := range []string{"anon_inode:", "/proc/", "/sys/fs/cgroup/"} {
		if strings.HasPrefix(target, prefix) {
			return true
		}
	}
	return false
}

func runWithArg(verb, arg string) {
	if run, ok := readinessVerbs[verb]; ok {
		run(arg)
		return
	}
	switch verb {
	case "say":
		fmt.Println(arg)
	case "warn":
		fmt.Fprintln(os.Stderr, arg)
	case "bytes":
		line := strings.Repeat("x", 1023) + "\n"
		for n := number(arg); n > 0; n -= len(line) {
			os.Stdout.WriteString(line[:min(n, len(line))])
		}
	case "env":
		fmt.Println(os.Getenv(arg))
	case "listen":
		listenEvents(number(arg), "OK")
	case "reject":
		listenEvents(number(arg), "FAIL")
	case "ignore":
		signal.Ignore(syscall.Signal(number(arg)))
	case "close":
		syscall.Close(number(arg))
	case "kill":
		syscall.Kill(os.Getpid(), syscall.Signal(number(arg)))
		time.Sleep(time.Minute) // the signal is on its way
	case "exit":
		os.Exit(number(arg))
	default:
		panic("child: no verb " + verb)
	}
}

// listenEvents follows the protocol of event listeners.
func listenEvents(events int, result string) {
	for range events {
		fmt.Print("READY\n")
		header := readLine()
		payload := make([]byte, number(field(header, "len")))
		io.ReadFull(os.Stdin, payload)
		fmt.Fprintln(os.Stderr, strings.TrimSpace(field(header, "eventname")+" "+strings.ReplaceAll(string(payload), "\n", " ")))
		fmt.Printf("RESULT %d\n%s", len(result), result)
	}
}

// readLine reads no further than the end of the line. The end of stdin ends the child.
func readLine() string {
	var line []byte
	for b := make([]byte, 1); b[0] != '\n'; line = append(line, b[0]) {
		if _, err := os.Stdin.Read(b); err != nil {
			os.Exit(0)
		}
	}
	return string(line)
}

// field is a value in a line of NAME:VALUE words.
func field(line, name string) string {
	for _, word := range strings.Fields(line) {
		if value, ok := strings.CutPrefix(word, name+":"); ok {
			return value
		}
	}
	return ""
}

// spawnChild starts another child and returns the arguments after --.
func spawnChild(args []string) []string {
	end := slices.Index(args, "--")
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args[:end]...)
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return args[end+1:]
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}
