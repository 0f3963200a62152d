package ctl

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
)

// socketActions are about what Supervisor does not have. They are hidden from
// clients that compare the list with Supervisor's.
func socketActions() []action {
	return []action{
		{
			name: "sockets",
			help: []string{
				"sockets\t\t\tList the sockets of [socket:x] sections: whether they are open, where,",
				"\t\t\thow many connections wait to be accepted, and for which processes.",
			},
			hidden: true, upCheck: true, noArguments: true,
			run: (*session).sockets,
		},
	}
}

// sockets lists the sockets in the form of status. One that can't be opened
// makes the exit status that of a process at rest.
func (s *session) sockets(ctx context.Context, _ arguments) error {
	var infos []api.SocketInfo
	switch err := s.call(ctx, "getSockets", &infos); {
	case hasCode(err, faults.UnknownMethod):
		s.printError("sockets: ERROR (this supervisord does not know how to)")
		return nil
	case err != nil:
		return err
	}
	width := 30
	for _, info := range infos {
		width = max(width, utf8.RuneCountInString(info.Name))
	}
	var b strings.Builder
	for _, info := range infos {
		fmt.Fprintf(&b, "%-*s%-10s%s\n", width+3, info.Name, strings.ToUpper(info.State), describeSocket(info))
	}
	s.write(b.String())
	if slices.ContainsFunc(infos, func(i api.SocketInfo) bool { return i.State == "failed" }) {
		s.exit = exitSomeStopped
	}
	return nil
}

func describeSocket(info api.SocketInfo) string {
	text := info.URL
	switch {
	case info.Error != "":
		text = info.Error
	case info.Waiting >= 0:
		text += fmt.Sprintf(", %d of %d waiting", info.Waiting, info.Backlog)
	}
	if len(info.Processes) == 0 {
		return text + ", for no process"
	}
	return text + ", for " + strings.Join(info.Processes, " ")
}
