package ctl

import (
	"context"
	"errors"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
)

// aliveInterval is how often fg asks whether its process still runs. XML-RPC
// can't push the news, so this is the one thing that is asked again and again.
const aliveInterval = 500 * time.Millisecond

func foregroundActions() []action {
	return []action{{
		name: "fg",
		help: []string{
			"fg <process>\tConnect to a process in foreground mode",
			"\t\tCtrl-C to exit",
		},
		upCheck:   true,
		completes: completeProcesses,
		run:       (*session).foreground,
	}}
}

// foreground connects the terminal to a process: what it writes is shown, what
// is typed is sent, until Ctrl-C, the end of the input or of the process.
func (s *session) foreground(ctx context.Context, in arguments) error {
	a, _ := s.find("fg")
	words := in.words
	switch {
	case len(words) == 0:
		s.printUsageError(a, "ERROR: no process name supplied", exitGeneric)
		return nil
	case len(words) > 1:
		s.printError("ERROR: too many process names supplied")
		return nil
	}
	var info api.ProcessInfo
	err := s.call(ctx, "getProcessInfo", &info, words[0])
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	switch {
	case isFault && fault.Code == faults.BadName:
		s.printError("ERROR: bad process name supplied")
	case isFault:
		s.print("ERROR: " + s.describe(fault))
	case err != nil:
		return err
	case info.State != states.Running:
		s.printError("ERROR: process not running")
	default:
		s.attach(ctx, words[0], info.PID)
	}
	return nil
}

// attach runs the three parts of fg. The first of the two that talk to the
// process to end, or Ctrl-C, ends all; it returns when all have ended.
func (s *session) attach(ctx context.Context, name string, pid int) {
	s.print(followBanner)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan string, 2)

	var wg sync.WaitGroup
	for _, channel := range []string{"stdout", "stderr"} {
		wg.Go(func() { _ = s.copyStream(ctx, logPath(name, channel)) })
	}
	wg.Go(func() { messages <- s.sendLines(ctx, name) })
	wg.Go(func() { messages <- s.watch(ctx, name, pid) })
	message := <-messages
	cancel()
	wg.Wait()

	if message != "" {
		s.print(message)
	}
	s.print("Exiting foreground")
}

const killed = "Process got killed"

// sendLines passes lines on to the process's standard input. It returns what
// to say about its end, nothing if the user wanted it.
func (s *session) sendLines(ctx context.Context, name string) (message string) {
	for {
		line, err := s.lines.ReadLine(ctx)
		if err != nil {
			return ""
		}
		err = s.command(ctx, "sendProcessStdin", name, line+"\n")
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ""
		case hasCode(err, faults.NotRunning):
			return killed
		default:
			return "ERROR: " + s.describe(err)
		}
	}
}

// watch waits until the process with the given pid no longer runs. It asks over
// a connection of its own, since lines are sent at the same time.
func (s *session) watch(ctx context.Context, name string, pid int) (message string) {
	server, err := s.dial(s.settings)
	if err != nil {
		return "ERROR: " + s.describe(err)
	}
	defer func() { _ = server.Close() }()
	ticker := time.NewTicker(aliveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ""
		case <-ticker.C:
		}
		var info api.ProcessInfo
		err := server.Call(ctx, "supervisor.getProcessInfo", &info, name)
		switch {
		case ctx.Err() != nil:
			return ""
		case err != nil:
			return "ERROR: " + s.describe(err)
		case info.State != states.Running || info.PID != pid:
			return killed
		}
	}
}
