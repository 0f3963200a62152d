package spawn

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// StdoutListener is the argv[0] with which this binary acts as the event listener of
// supervisor-stdout.
const StdoutListener = "supervisor_stdout"

// echoEvents is that listener: it answers each event with the event's payload, for a result
// handler to use. It returns an error, io.EOF at the end of its input.
func echoEvents(in io.Reader, out io.Writer) error {
	events := bufio.NewReader(in)
	for {
		if _, err := io.WriteString(out, readyLine); err != nil {
			return err
		}
		header, err := events.ReadString('\n')
		if err != nil {
			return err
		}
		payload, err := readPayload(events, header)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "RESULT %d\n%s", len(payload), payload); err != nil {
			return err
		}
	}
}

const readyLine = "READY\n"

// readPayload reads the payload that a header announces. Its length counts characters: a
// listener's section has binary_events only if the user wrote it there, and with text of one
// byte a character that makes no difference.
func readPayload(events *bufio.Reader, header string) (string, error) {
	for _, word := range strings.Fields(header) {
		text, ok := strings.CutPrefix(word, "len:")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return "", err
		}
		var payload strings.Builder
		for range n {
			r, _, err := events.ReadRune()
			if err != nil {
				return "", err
			}
			payload.WriteRune(r)
		}
		return payload.String(), nil
	}
	return "", fmt.Errorf("a header without a length: %q", header)
}

// serveStdoutListener runs the listener if this process was started as one; it does not
// return then.
func serveStdoutListener() {
	if len(os.Args) == 0 || os.Args[0] != StdoutListener {
		return
	}
	if err := echoEvents(os.Stdin, os.Stdout); err != io.EOF {
		fmt.Fprintln(os.Stderr, "supervisor_stdout:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
