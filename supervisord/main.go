package supervisord

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"supervisor/supervisord/config/cmdline"
	"supervisor/supervisord/config/lint"
	"supervisor/supervisord/config/load"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/process/hook"
	"supervisor/supervisord/recovery"
	"supervisor/supervisord/system/buildinfo"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/executable"
	"supervisor/supervisord/system/localtime"
)

// Version is what -v prints and getSupervisorVersion answers.
const Version = buildinfo.Compatible

// exitRefused is the exit status for a command line, a configuration or an
// environment that the daemon can't work with.
const exitRefused = 2

// Main runs supervisord with the arguments, of which the first is the
// program's name, and returns its exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	time.Local = localtime.Load(os.LookupEnv) // nothing has asked for the time yet
	executable.Note()
	var backgroundFiles *source.Snapshot
	background, err := daemon.InBackground(&backgroundFiles)
	if err != nil {
		fmt.Fprintf(stderr, "Error: %v\n", err)
		return exitRefused
	}
	hook.UnsetVars()
	handedOver, dryRun, err := recovery.Receive()
	if dryRun && len(args) > 1 && args[1] == recovery.DryRunOption {
		args = slices.Delete(slices.Clone(args), 1, 2)
	}
	m := &mainProgram{
		args: args, stdout: stdout, stderr: stderr, host: handedOver.Host(),
		background: background, backgroundFiles: backgroundFiles, handedOver: handedOver, dryRun: dryRun,
	}
	if err != nil {
		fmt.Fprintf(stderr, "Error: %v\n", err)
		return exitRefused
	}
	values, err := load.ParseCommandLine(args[1:], m.host)
	if err == nil {
		m.values = values
		err = m.cliProgram().Execute(values.Args())
	}
	if err != nil {
		fmt.Fprintf(stderr, "Error: %v\nFor help, use %s -h\n", err, args[0])
		return exitRefused
	}
	return m.status
}

// mainProgram is one run of Main.
type mainProgram struct {
	args            []string
	stdout, stderr  io.Writer
	host            source.Host
	values          *load.CommandLineValues
	background      *daemon.Background // set in the second process of a daemon that goes into the background
	backgroundFiles *source.Snapshot   // what the first process has read: a pipe gives its text only once
	handedOver      *recovery.Handover // by another binary in this process, nil for none
	files           *source.Snapshot   // what can't be read again, nil until that is known
	dryRun          bool               // only check whether this binary could take over
	status          int                // to exit with
}

func (m *mainProgram) cliProgram() *cmdline.Program {
	return &cmdline.Program{
		Name:    m.args[0],
		Summary: "supervisord -- run a set of applications as daemons.",
		Options: load.CommandLine(),
		Stdout:  m.stdout,
		Stderr:  m.stderr,
		Run:     m.runCommand,
	}
}

// runCommand does what the options ask for.
func (m *mainProgram) runCommand(v cmdline.Values, _ []string) (err error) {
	switch {
	case m.values.Long:
		_, err = fmt.Fprint(m.stdout, buildinfo.Long("supervisord"))
		return err
	case v.Bool("version"):
		_, err = fmt.Fprintln(m.stdout, Version)
		return err
	case v.Bool("test"):
		return m.check(v.Bool("json"))
	}
	// After an upgrade this was said already, and the first line that a dry run prints
	// to stderr is taken for the reason why it failed.
	if os.Getuid() == 0 && !v.IsSet("configuration") && m.background == nil && m.handedOver == nil {
		fmt.Fprintln(m.stderr, "Supervisord is running as root and it is searching for its configuration file in "+
			"default locations, the current directory among them; name the file with -c to be sure of it")
	}
	m.status, err = m.runDaemon()
	return err
}

// check checks the configuration, or each of the files that the command line names.
func (m *mainProgram) check(asJSON bool) error {
	o := m.loadOptions()
	o.Partial = len(m.values.Files) > 0
	paths := m.values.Files
	if !o.Partial {
		paths = []string{o.Path}
	}
	for _, path := range paths {
		o.Path = path
		status, err := load.Check(m.stdout, o, lint.ThisSystem(), asJSON)
		if err != nil {
			return err
		}
		m.status = max(m.status, status)
	}
	return nil
}

// argv0 is the name with which this daemon was first started.
func (m *mainProgram) argv0() string {
	if m.handedOver != nil && m.handedOver.Origin != nil {
		return string(m.handedOver.Origin.Program)
	}
	return m.args[0]
}

func (m *mainProgram) loadOptions() load.Options {
	return load.Options{Input: section.Input{
		Path:      m.values.Path,
		Program:   m.argv0(),
		Overrides: m.values.Overrides,
		Host:      m.host,
		Snapshot:  m.files,
	}}
}
