package load

import (
	"errors"
	"fmt"
	"slices"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/getopt"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

// CommandLineValues is what a command line of supervisord says.
type CommandLineValues struct {
	Help, Version bool     // the rest of the line was not read
	Long          bool     // --long, with -v
	Test, JSON    bool     // -t and --json
	Path          string   // -c, "" to search for the file
	Files         []string // to check with -t, each by itself
	Overrides     section.Overrides

	given []getopt.Given // the options that were read
}

// Args writes the options again, all in the form "--name=value".
func (v *CommandLineValues) Args() []string { return getopt.Args(v.given, nil) }

// CommandLine returns the command-line options of supervisord.
func CommandLine() []getopt.Option {
	var list []getopt.Option
	for _, o := range config.Options() {
		if f := o.Flag; f != nil {
			list = append(list, getopt.Option{Long: o.FlagName(), Short: f.Short, Arg: f.Arg, Help: o.Help})
		}
	}
	return list
}

// ParseCommandLine reads the arguments of supervisord, without the program's
// name. The error has the text that goes after "Error: ".
func ParseCommandLine(args []string, h source.Host) (*CommandLineValues, error) {
	given, rest, err := getopt.Parse(CommandLine(), args)
	if err != nil {
		return nil, err
	}
	given = readShortT(given)
	if len(rest) > 0 && !isGiven(given, "test") {
		return nil, errors.New("positional arguments are not supported: " + python.ReprList(rest))
	}
	v := &CommandLineValues{Overrides: make(section.Overrides), Files: rest}
	for _, g := range given {
		if err := v.set(g, &h); err != nil {
			return nil, err
		}
		v.given = append(v.given, g)
		if v.Help || v.Version {
			v.Long = v.Version && isGiven(given, "long")
			return v, nil
		}
	}
	if isGiven(given, "long") {
		return nil, errors.New("option --long needs option -v")
	}
	if v.JSON && !v.Test {
		return nil, errors.New("option --json needs option -t")
	}
	if len(rest) > 0 && v.Path != "" {
		return nil, errors.New("-t checks the files behind it or the one of -c, not both: " + python.ReprList(rest))
	}
	return v, nil
}

func isGiven(given []getopt.Given, name string) bool {
	return slices.ContainsFunc(given, func(g getopt.Given) bool { return g.Option.Name() == name })
}

// readShortT decides what -t means. Alone, or with -c, --json and --strict, it
// checks the configuration. Together with any other option the command line was
// written for Supervisor to start a daemon, and -t is Supervisor's --strip_ansi.
func readShortT(given []getopt.Given) []getopt.Given {
	short := slices.IndexFunc(given, func(g getopt.Given) bool { return g.Form == "-t" })
	startsDaemon := slices.ContainsFunc(given, func(g getopt.Given) bool {
		switch g.Option.Name() {
		case "test", "json", "long", "strict", "configuration", "help", "version":
			return false
		}
		return true
	})
	if short < 0 || !startsDaemon {
		return given
	}
	table := CommandLine()
	strip := slices.IndexFunc(table, func(o getopt.Option) bool { return o.Name() == "strip_ansi" })
	given = slices.Clone(given)
	given[short].Option = &table[strip]
	seen := false
	for i := range given {
		if given[i].Option.Name() == "strip_ansi" {
			given[i].Repeated, seen = given[i].Repeated || seen, true
		}
	}
	return given
}

// set notes one option.
func (v *CommandLineValues) set(g getopt.Given, h *source.Host) error {
	value, err := commandLineValue(g, h)
	switch {
	case err != nil:
		return fmt.Errorf("invalid value for %s %s: %w", g.Form, python.Repr(g.Value), err)
	case g.Repeated:
		return g.Conflict()
	}
	switch name := g.Option.Name(); name {
	case "help":
		v.Help = true
	case "version":
		v.Version = true
	case "long": // it comes with --version
	case "test":
		v.Test = true
	case "json":
		v.JSON = true
	case "configuration":
		v.Path = g.Value
	default:
		if o := config.Options().Find(option.InSupervisord, name); o != nil {
			name = o.Name
		}
		v.Overrides[name] = value
	}
	return nil
}

// commandLineValue converts an argument like the same option of a file. A flag can
// only be switched on.
func commandLineValue(g getopt.Given, h *source.Host) (any, error) {
	o := config.Options().Find(option.InSupervisord, g.Option.Name())
	switch {
	case g.Option.Arg == "":
		return true, nil
	case o == nil:
		return g.Value, nil
	}
	return o.Parse(h, g.Value)
}
