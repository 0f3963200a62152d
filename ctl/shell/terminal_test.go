package shell

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"supervisor/supervisord/tools/testkit"
)

// asEcho makes the test binary a program that prints what it reads.
const asEcho = "SHELL_TEST_AS_ECHO"

// goraceEnv keeps the race detector from sleeping a second at the end.
const goraceEnv = "GORACE=atexit_sleep_ms=0"

// echo prints each line until reading fails. After the line "secret" it asks for a
// password, after "plain" it reads a line without editing.
func echo() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	sh := New(os.Stdin, os.Stdout, Options{Edit: true, Complete: func(line, word string) []string {
		return []string{word + "pleted "}
	}})
	for {
		line, err := sh.Prompt(ctx, "> ")
		sh.AddHistory(line)
		switch line {
		case "secret":
			line, err = sh.Password(ctx, "Password:")
		case "plain":
			fmt.Print("? ")
			line, err = sh.ReadLine(ctx)
		}
		fmt.Printf("%q %v\n", line, err)
		if err != nil {
			fmt.Println(sh.Close())
			return
		}
	}
}

// runDialogue starts echo on a pseudo terminal and plays a dialogue: each pair is
// what to wait for and what to type then. It returns the output after the last pair.
func runDialogue(t *testing.T, term string, dialogue ...string) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asEcho+"=1", "TERM="+term, goraceEnv)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	deadline := time.AfterFunc(testkit.Timeout, func() { _ = cmd.Process.Kill() })
	defer deadline.Stop()
	var seen []byte
	buf := make([]byte, 4096)
	for ; len(dialogue) >= 2; dialogue = dialogue[2:] {
		for !bytes.Contains(seen, []byte(dialogue[0])) {
			n, err := tty.Read(buf)
			seen = append(seen, buf[:n]...)
			if err != nil {
				t.Fatalf("%v before %q in %q", err, dialogue[0], seen)
			}
		}
		_, after, _ := strings.Cut(string(seen), dialogue[0])
		seen = []byte(after)
		if _, err := io.WriteString(tty, dialogue[1]); err != nil {
			t.Fatal(err)
		}
	}
	rest, _ := io.ReadAll(tty) // a closed terminal reads as an error
	_ = cmd.Wait()
	return string(seen) + string(rest)
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, term string
		dialogue   []string
		want       string // the end of the output
	}{
		{"end of input", "xterm", []string{"> ", "one\r", "\"one\" <nil>\r\n> ", "\x04"}, "\"\" EOF\r\n<nil>\r\n"},
		{"end of input, dumb", "dumb", []string{"> ", "one\r", "\"one\" <nil>\r\n> ", "\x04"}, "\"\" EOF\r\n<nil>\r\n"},
		{"Ctrl-C", "xterm", []string{"> ", "x", "x", "\x03"}, "^C\r\n\"\" interrupted\r\n<nil>\r\n"},
		{"Ctrl-C, dumb", "dumb", []string{"> ", "x", "x", "\x03"}, "^C\r\n\"\" interrupted\r\n<nil>\r\n"},
		{"completion", "xterm", []string{"> ", "one com\t", "completed ", "x\r", "\"one completed x\" <nil>\r\n> ", "\x04"}, "\"\" EOF\r\n<nil>\r\n"},
		{"history", "xterm", []string{"> ", "one\r", "<nil>\r\n> ", "two\r", "<nil>\r\n> ", "\x1b[A\x1b[A\r", "\"one\" <nil>\r\n> ", "\x04"}, "\"\" EOF\r\n<nil>\r\n"},
		{"several lines at once", "xterm", []string{"> ", "one\rtwo\r", "\"one\"", "", "\"two\" <nil>\r\n> ", "\x04"}, "\"\" EOF\r\n<nil>\r\n"},
		{"password", "xterm", []string{"> ", "secret\r", "Password:", "pa:ss\r", "\r\n\"pa:ss\" <nil>\r\n> ", "\x04"}, "\"\" EOF\r\n<nil>\r\n"},
		{"Ctrl-C at the password", "dumb", []string{"> ", "secret\r", "Password:", "pa\x03"}, "\r\n\"\" interrupted\r\n<nil>\r\n"},
		{"plain reading in between", "xterm", []string{"> ", "plain\r", "? ", "typed\r", "typed\r\n\"typed\" <nil>\r\n> ", "\x04"}, "\"\" EOF\r\n<nil>\r\n"},
		{"Ctrl-C while reading plainly", "xterm", []string{"> ", "plain\r", "? ", "x", "x", "\x03"}, "^C\"\" interrupted\r\n<nil>\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := runDialogue(t, tt.term, tt.dialogue...); !strings.HasSuffix(got, tt.want) {
				t.Errorf("rest %q, want %q at the end", got, tt.want)
			}
		})
	}
}

func TestPromptThatCannotBeEdited(t *testing.T) {
	t.Parallel()
	for prompt, want := range map[string]bool{"supervisor> ": false, "é> ": false, "\x1b[1m> ": true, "a\tb": true} {
		if got := strings.ContainsFunc(prompt, notEditable); got != want {
			t.Errorf("%q: %v, want %v", prompt, got, want)
		}
	}
}
