package ctl

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/config/cmdline"
	"supervisor/supervisord/config/getopt"
)

// completeCommand is the first word with which the completion scripts call us. Behind it
// come the words of the line, the last one being what is to be completed.
const completeCommand = "__complete"

// completionTimeout is how long a TAB waits for the names that the daemon knows.
const completionTimeout = 100 * time.Millisecond

//go:embed completion/supervisorctl.bash
var bashCompletion string

//go:embed completion/_supervisorctl
var zshCompletion string

//go:embed completion/supervisorctl.fish
var fishCompletion string

func completionActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Topic: action.TopicDaemon, Short: "print the completion script of a shell",
			Name: "completion",
			Help: []string{
				"completion bash\t\tPrint the completion script for bash: source <(supervisorctl completion bash)",
				"completion zsh\t\tPrint that for zsh: supervisorctl completion zsh > \"${fpath[1]}/_supervisorctl\"",
				"completion fish\t\tPrint that for fish: supervisorctl completion fish | source",
			},
			Hidden: true, MinArgs: 1, Requires: "bash, zsh or fish",
			Completes: action.CompleteShells,
		},
		UsageExit: session.ExitUsage, Run: printCompletion,
	}}
}

func printCompletion(_ context.Context, s *session.Session, in action.Arguments) error {
	script, ok := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[in.Line]
	if !ok {
		s.PrintUsageError("completion", "Error: there is no completion for "+in.Line+", but for bash, zsh and fish", session.ExitUsage)
		return nil
	}
	fmt.Fprint(s.Out(), script)
	return nil
}

// complete prints what the last word may become, a candidate a line. It prints nothing
// when something is wrong: there is no place for a message while a person types.
func complete(progname string, words []string, stdout io.Writer) {
	if len(words) == 0 {
		return
	}
	word := words[len(words)-1]
	given, rest, err := getopt.Parse(Options(), words[:len(words)-1])
	if err != nil {
		return // such as an option whose value is being typed
	}
	if len(rest) == 0 && strings.HasPrefix(word, "-") {
		for _, o := range Options() {
			if name := "--" + o.Long; strings.HasPrefix(name, word) {
				fmt.Fprintln(stdout, name)
			}
		}
		return
	}
	program := newCommandLine(progname, io.Discard, io.Discard, func(c cmdline.Values, words []string) error {
		settings, err := readSettings(c, progname)
		if err != nil {
			return err
		}
		s := session.New(session.Options{Settings: settings, Actions: actions(), IsOption: isOption, Out: io.Discard, ErrOut: io.Discard})
		defer s.Disconnect()
		ctx, cancel := context.WithTimeout(context.Background(), completionTimeout)
		defer cancel()
		for _, candidate := range s.CompleteWords(ctx, rest, word) {
			fmt.Fprintln(stdout, candidate)
		}
		return nil
	})
	_ = program.Execute(getopt.Args(given, nil)) // see above
}
