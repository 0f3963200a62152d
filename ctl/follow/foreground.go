package follow

import (
	"context"
	"errors"
	"sync"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
)

// aliveInterval is the time between two questions of fg whether its process still
// runs. XML-RPC can't push the news.
const aliveInterval = 500 * time.Millisecond

// foreground connects the terminal to a process: it shows what the process writes
// and sends what is typed, until Ctrl-C, the end of the input or the end of the
// process.
func foreground(ctx context.Context, s *session.Session, in action.Arguments) error {
	words := in.Words
	switch {
	case len(words) == 0:
		s.PrintUsageError("fg", "ERROR: no process name supplied", session.ExitGeneric)
		return nil
	case len(words) > 1:
		s.PrintError("ERROR: too many process names supplied")
		return nil
	}
	var info api.ProcessInfo
	err := s.Call(ctx, "getProcessInfo", &info, words[0])
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	switch {
	case isFault && fault.Code == faults.BadName:
		s.PrintError("ERROR: bad process name supplied")
	case isFault:
		s.Print("ERROR: " + s.Describe(fault))
	case err != nil:
		return err
	case info.State != states.Running:
		s.PrintError("ERROR: process not running")
	default:
		attach(ctx, s, words[0], info.PID)
	}
	return nil
}

// attach runs the goroutines of fg. Ctrl-C ends all of them, and so does the end
// of sendLines or watch. attach returns when all have ended.
func attach(ctx context.Context, s *session.Session, name string, pid int) {
	s.Print(followBanner)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan string, 2)

	var wg sync.WaitGroup
	for _, channel := range []string{"stdout", "stderr"} {
		wg.Go(func() { _ = copyStream(ctx, s, logPath(name, channel)) })
	}
	wg.Go(func() { messages <- sendLines(ctx, s, name) })
	wg.Go(func() { messages <- watch(ctx, s, name, pid) })
	message := <-messages
	cancel()
	wg.Wait()

	if message != "" {
		s.Print(message)
	}
	s.Print("Exiting foreground")
}

const killed = "Process got killed"

// sendLines sends lines to the standard input of the process. It returns what to
// print at its end, "" if the user ended it.
func sendLines(ctx context.Context, s *session.Session, name string) (message string) {
	for {
		line, err := s.ReadLine(ctx)
		if err != nil {
			return ""
		}
		err = s.Command(ctx, "sendProcessStdin", name, line+"\n")
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ""
		case session.HasCode(err, faults.NotRunning):
			return killed
		default:
			return "ERROR: " + s.Describe(err)
		}
	}
}

// watch waits until the process with the given pid no longer runs. It has its own
// connection, since sendLines uses that of the session at the same time.
func watch(ctx context.Context, s *session.Session, name string, pid int) (message string) {
	client, err := s.Dial()
	if err != nil {
		return "ERROR: " + s.Describe(err)
	}
	defer func() { _ = client.Close() }()
	ticker := time.NewTicker(aliveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ""
		case <-ticker.C:
		}
		var info api.ProcessInfo
		err := client.Call(ctx, "supervisor.getProcessInfo", &info, name)
		switch {
		case ctx.Err() != nil:
			return ""
		case err != nil:
			return "ERROR: " + s.Describe(err)
		case info.State != states.Running || info.PID != pid:
			return killed
		}
	}
}
