package session

import (
	"context"
	"strings"

	"supervisor/ctl/action"
)

// Actions returns the actions that act on the session itself.
func Actions() []Action {
	return []Action{
		{
			Spec: action.Spec{
				Name: "help",
				Help: []string{
					"help\t\tPrint a list of available actions",
					"help <action>\tPrint help for <action>",
				},
				Hidden:    true,
				Completes: action.CompleteActions,
			},
			Run: help,
		},
		{Spec: action.Spec{Name: "exit", Help: []string{"exit\tExit the supervisor shell."}}, Run: quit},
		{Spec: action.Spec{Name: "quit", Help: []string{"quit\tExit the supervisor shell."}}, Run: quit},
		// The end of the input arrives as this action.
		{Spec: action.Spec{Name: "EOF", Hidden: true}, Run: quit},
		{
			Spec: action.Spec{
				Name: "open",
				Help: []string{
					"open <url>\tConnect to a remote supervisord process.",
					"\t\t(for UNIX domain socket, use unix:///socket/path)",
				},
			},
			Run: open,
		},
		{
			Spec: action.Spec{
				Name:  "config",
				Topic: action.TopicDaemon, Short: "show which file and server supervisorctl uses, and why",
				Help:   []string{"config	Show which configuration file and which server supervisorctl uses, and why."},
				Hidden: true, // from clients that compare the list of actions with Supervisor's
			},
			Run: showConfig,
		},
	}
}

func quit(_ context.Context, s *Session, _ action.Arguments) error {
	s.Print("")
	return errQuit
}

// help prints the list of actions or the help of one.
func help(_ context.Context, s *Session, in action.Arguments) error {
	if in.Line == "" {
		s.Print(s.table.Overview())
		if s.terminal {
			s.Print(strings.TrimPrefix(s.table.Extensions(), "\n"))
		}
		return nil
	}
	a := s.table.Find(in.Line)
	if a == nil || a.Help == nil {
		s.Print("*** No help on " + in.Line)
		if s.terminal { // elsewhere it is no failure, as in Supervisor
			s.exit = ExitGeneric
			s.suggestAction(in.Line)
		}
		return nil
	}
	s.showHelp(a, s.terminal || a.IsExtension())
	return nil
}

// showHelp prints the help of an action, with that of its flags if all is wanted.
func (s *Session) showHelp(a *action.Spec, all bool) {
	s.Print(strings.Join(a.Help, "\n"))
	if all {
		s.Write(a.FlagHelp())
	}
}

// suggestAction prints the action that was probably meant by an unknown one.
func (s *Session) suggestAction(name string) {
	if meant := s.table.Closest(name); meant != "" {
		s.Print("did you mean " + meant + "?")
	}
}

// showConfig prints which file and server are used, and why. It asks no server.
func showConfig(_ context.Context, s *Session, _ action.Arguments) error {
	switch path := s.settings.Path; {
	case path == "":
		s.Print("file: none, all settings have their defaults")
	case s.settings.Searched == nil:
		s.Print("file: " + path + ", named with -c")
	default:
		s.Print("file: " + path)
	}
	if len(s.settings.Searched) > 0 {
		s.Print("without -c, it is the first of these that exists:")
		for _, path := range s.settings.Searched {
			s.Print("    " + path)
		}
	}
	s.Print("server: " + s.settings.ServerURL)
	if s.settings.Username != "" {
		s.Print("user: " + s.settings.Username)
	}
	return nil
}

// open connects the session to another server and shows its status, which leaves
// the exit status alone.
func open(ctx context.Context, s *Session, in action.Arguments) error {
	if !strings.HasPrefix(in.Line, "unix:") && !strings.HasPrefix(in.Line, "http:") {
		s.PrintError("ERROR: url must be http:// or unix://")
		return nil
	}
	s.settings.ServerURL = in.Line
	s.Disconnect()
	exit := s.exit
	err := s.RunLine(ctx, "status")
	s.exit = exit
	return err
}
