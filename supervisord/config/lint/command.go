package lint

import (
	"path"
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/shlex"
)

func (r *checker) checkCommand(p *config.Process) {
	argv, err := shlex.Split(p.Command)
	if err != nil || len(argv) == 0 {
		return // it is reported when the process starts
	}
	r.checkExists(argv[0])
	argv = unwrap(argv)
	if len(argv) == 0 {
		return
	}
	if script, ok := shellScript(argv); ok {
		r.checkScript(p, script)
		return
	}
	r.checkBackground(argv)
	r.checkScriptFile(p, argv)
}

func (r *checker) checkExists(command string) {
	relative := strings.Contains(command, "/") && !path.IsAbs(command) // to directory=, perhaps
	if r.sys.LookPath == nil || relative {
		return
	}
	if err := r.sys.LookPath(command); err != nil {
		r.add("command", "there is no command "+command+" here", "the program becomes FATAL",
			"the path of a command that exists and may be executed")
	}
}

// checkBackground reports a command that goes into the background by itself.
func (r *checker) checkBackground(argv []string) {
	if write := foreground(argv, r.sys.ReadFile); write != "" {
		r.add("command", path.Base(argv[0])+" goes into the background by itself",
			"supervisord sees it exit, starts it again and again, and does not stop the one that runs", write)
	}
}

// checkScript checks what a shell is given with -c.
func (r *checker) checkScript(p *config.Process, script string) {
	commands, background := simpleCommands(script)
	if background {
		r.add("command", "the shell puts a command into the background with &",
			"the shell exits, supervisord starts it again and again, and does not stop what runs",
			"the command without &, with exec before the last one")
		return
	}
	hasExec := false
	for _, argv := range commands {
		hasExec = hasExec || argv[0] == "exec"
		if argv = unwrap(argv); len(argv) > 0 {
			r.checkBackground(argv)
		}
	}
	// A shell replaces itself with its only command.
	if len(commands) > 1 && !hasExec {
		r.reportShell(p, "the shell stays the parent of its program")
	}
}

// checkScriptFile checks a script that is a file, if it can be read and is for a shell.
func (r *checker) checkScriptFile(p *config.Process, argv []string) {
	file := argv[0]
	if isShell(file) {
		if i := slices.IndexFunc(argv[1:], func(a string) bool { return !strings.HasPrefix(a, "-") }); i >= 0 {
			file = argv[1+i]
		}
	}
	if r.sys.ReadFile == nil || !path.IsAbs(file) || !strings.HasSuffix(file, ".sh") {
		return
	}
	text, err := r.sys.ReadFile(file)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if word := strings.Fields(line); len(word) > 1 && word[0] == "exec" {
			return
		}
	}
	r.reportShell(p, path.Base(file)+" starts its program without exec")
}

// reportShell reports a shell between supervisord and the program, unless a stop reaches
// the program all the same.
func (r *checker) reportShell(p *config.Process, what string) {
	scope := p.Stop.Scope
	if p.StopAsGroup || scope != config.ScopeDefault && scope != config.ScopeLeader {
		return
	}
	r.add("command", what, "a stop ends the shell only, and the program runs on beside the next one",
		"exec before the program, or stopasgroup = true")
}

// wrappers run another command with their arguments: the flags that take a value.
var wrappers = map[string][]string{
	"env": {"-u", "-C"}, "nice": {"-n"}, "ionice": {"-c", "-n", "-p"}, "exec": nil, "nohup": nil, "setsid": nil,
	"sudo": {"-u", "-g"}, "gosu": nil, "su-exec": nil, "stdbuf": {"-o", "-e", "-i"}, "time": nil, "chpst": {"-u"},
	"taskset": nil, "dumb-init": nil, "tini": nil, "timeout": {"-s", "-k"}, "chrt": nil, "catchsegv": nil,
}

// oneArgument are the wrappers whose first argument is their own.
var oneArgument = []string{"gosu", "su-exec", "taskset", "timeout", "chrt"}

// unwrap returns the command behind wrappers such as env and nice, and behind NAME=value.
func unwrap(argv []string) []string {
	for len(argv) > 0 {
		name := path.Base(argv[0])
		withValue, isWrapper := wrappers[name]
		switch {
		case isWrapper:
			argv = skipFlags(argv[1:], withValue)
			if slices.Contains(oneArgument, name) && len(argv) > 0 {
				argv = argv[1:]
			}
		case strings.Contains(argv[0], "=") && !strings.HasPrefix(argv[0], "/"):
			argv = argv[1:]
		default:
			return argv
		}
	}
	return nil
}

func skipFlags(args, withValue []string) []string {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flag := args[0]
		args = args[1:]
		if flag == "--" {
			break
		}
		if slices.Contains(withValue, flag) && len(args) > 0 {
			args = args[1:]
		}
	}
	return args
}

func isShell(name string) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "ash", "zsh", "ksh"}, path.Base(name))
}

// shellScript returns the script of a shell's -c.
func shellScript(argv []string) (script string, ok bool) {
	if !isShell(argv[0]) {
		return "", false
	}
	for i, arg := range argv[1:] {
		isFlag := strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--")
		if isFlag && strings.HasSuffix(arg, "c") && i+2 < len(argv) {
			return argv[i+2], true
		}
	}
	return "", false
}

// simpleCommands returns the commands of a shell script, and whether one of them is put
// into the background. It knows quotes, but no keywords: "if" and "do" stay the first words
// of their commands.
func simpleCommands(script string) (commands [][]string, background bool) {
	flush := func(text string) {
		argv, err := shlex.Split(strings.Trim(text, " \t\n(){}"))
		if err == nil && len(argv) > 0 {
			commands = append(commands, argv)
		}
	}
	start, quote := 0, byte(0)
	for i := 0; i < len(script); i++ {
		c := script[i]
		switch {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '&' && (before(script, i) == '>' || after(script, i) == '>'): // 2>&1, &>file
		case c == '&' || c == ';' || c == '|' || c == '\n':
			doubled := after(script, i) == c
			if c == '&' && !doubled && !strings.Contains(script[i:], "wait") {
				background = true
			}
			flush(script[start:i])
			if doubled {
				i++
			}
			start = i + 1
		}
	}
	flush(script[min(start, len(script)):])
	return commands, background
}

// before and after return the byte beside a position, 0 for none.
func before(s string, i int) byte { return byteAt(s, i-1) }
func after(s string, i int) byte  { return byteAt(s, i+1) }

func byteAt(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}
