package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
)

// socketActions returns an action that Supervisor does not have. It is hidden from
// clients that compare the list of actions with Supervisor's.
func socketActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Name:  "sockets",
			Topic: action.TopicSee, Short: "show the listening sockets of [socket:x]",
			Help: []string{
				"sockets\t\t\tList the sockets of [socket:x] sections: their state and address, the number",
				"\t\t\tof connections that wait to be accepted, and the processes that get them",
			},
			Hidden: true, NoArguments: true,
		},
		UpCheck: true, Run: sockets,
	}}
}

// sockets lists the sockets in the form of status. A socket that can't be opened
// sets the exit status, as a stopped process does in status.
func sockets(ctx context.Context, s *session.Session, _ action.Arguments) error {
	var infos []api.SocketInfo
	switch err := s.Call(ctx, "getSockets", &infos); {
	case session.HasCode(err, faults.UnknownMethod):
		s.PrintError("sockets: ERROR (" + session.NotSupported + ")")
		return nil
	case err != nil:
		return err
	}
	width := nameColumn(infos, func(i api.SocketInfo) string { return i.Name })
	var b strings.Builder
	for _, info := range infos {
		fmt.Fprintf(&b, "%-*s%-10s%s\n", width, info.Name, strings.ToUpper(info.State), describeSocket(info))
	}
	s.Write(b.String())
	if slices.ContainsFunc(infos, func(i api.SocketInfo) bool { return i.State == "failed" }) {
		s.SetExit(session.ExitSomeStopped)
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
