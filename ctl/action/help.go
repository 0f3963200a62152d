package action

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Topic groups the actions that Supervisor does not have in the full list of actions.
type Topic int

// The topics, in the order of the list. Supervisor's own actions have none.
const (
	NoTopic Topic = iota
	TopicSee
	TopicLogs
	TopicChange
	TopicDeploy
	TopicDaemon
)

var topics = map[Topic]string{
	TopicSee: "see what runs, and why", TopicLogs: "see what programs say", TopicChange: "change one process",
	TopicDeploy: "deploy", TopicDaemon: "supervisord itself",
}

// Extensions returns the list of the actions that Supervisor does not have, by topic, with
// a line for each. It is shown to people only: scripts compare the list that Overview
// returns.
func (t *Table) Extensions() string {
	var b strings.Builder
	for topic := TopicSee; topic <= TopicDaemon; topic++ {
		fmt.Fprintf(&b, "\n%s:\n", topics[topic])
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, a := range t.specs {
			if a.Topic == topic {
				fmt.Fprintf(w, "  %s\t%s\n", a.Name, a.Short)
			}
		}
		_ = w.Flush() // a strings.Builder takes everything
	}
	b.WriteString("\nhelp ACTION or ACTION --help shows how it is used.\n")
	return b.String()
}

// FlagHelp returns a line for each flag of the action, "" if there is none.
func (a *Spec) FlagHelp() string {
	if len(a.Flags) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nFlags:\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range a.Flags {
		fmt.Fprintf(w, "  %s\t%s\n", f.Usage(), f.Help)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// IsExtension reports whether Supervisor does not have the action.
func (a *Spec) IsExtension() bool { return a.Topic != NoTopic }

// Closest returns the name of the action that was probably meant by an unknown one, ""
// if there is none.
func (t *Table) Closest(name string) string {
	var list []string
	for _, a := range t.specs {
		if a.Help != nil {
			list = append(list, a.Name)
		}
	}
	return ClosestName(name, list)
}

// ClosestName returns the name that was probably meant by an unknown one: one that begins
// with it, or one that is a few typing mistakes away. It returns "" if there is none.
func ClosestName(name string, list []string) string {
	best, distance := "", len(name)/3+1
	for _, one := range list {
		if len(name) > 1 && strings.HasPrefix(one, name) {
			return one
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(one)); d < distance {
			best, distance = one, d
		}
	}
	return best
}
