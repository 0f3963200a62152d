package spawn

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// StdoutListener is what this binary finds as its argv[0] when it is to be the event
// listener of supervisor-stdout.
const StdoutListener = "supervisor_stdout"

// echoEvents is that listener: it answers each event with the event itself, which a
// result handler makes use of. It ends with an error, io.EOF at the end of its input.
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

// readPayload reads what a header announces. Its length is in characters: the
// listener's section does not ask for binary_events unless somebody wrote it there,
// and then text of one byte a character comes to the same.
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

// serveStdoutListener makes this process the listener if it was started as such, and
// does not return then.
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
