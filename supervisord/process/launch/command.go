package launch

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/shlex"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/executable"
)

// defaultPath is searched if no PATH is set, as Supervisor does.
const defaultPath = "/bin:/usr/bin:/usr/local/bin"

// Resolve finds the file and the words that a command stands for, as of now. The
// error is a *faults.Error, NO_FILE or NOT_EXECUTABLE; its detail is the spawn error.
func (p *Program) Resolve(command string) (file string, argv []string, err error) {
	argv, err = shlex.Split(command)
	if err != nil {
		return "", nil, faults.New(faults.NotExecutable,
			fmt.Sprintf("can't parse command %s: %v", python.Repr(command), err))
	}
	if len(argv) == 0 {
		return "", nil, faults.New(faults.NotExecutable, "command is empty")
	}
	file, info := find(argv[0], p.Config.Directory, p.searchPath())
	if err := check(file, info, argv[0], p.Config.Directory); err != nil {
		return "", nil, err
	}
	return file, argv, nil
}

// ResolveListener is Resolve for the command of an event listener. If that is the
// listener of supervisor-stdout, a Python program, and it is not installed, our own
// binary does its work.
func (p *Program) ResolveListener() (file string, argv []string, err error) {
	file, argv, err = p.Resolve(p.Config.Command)
	fault, _ := errors.AsType[*faults.Error](err)
	if fault == nil || fault.Code != faults.NoFile {
		return file, argv, err
	}
	words, _ := shlex.Split(p.Config.Command) // Resolve has split it without an error
	self, selfErr := executable.Exact()
	if filepath.Base(words[0]) != spawn.StdoutListener || selfErr != nil {
		return file, argv, err
	}
	return self, []string{spawn.StdoutListener}, nil
}

// searchPath is the PATH of environment=, else the daemon's. That of an env_file does
// not count.
func (p *Program) searchPath() string {
	for _, v := range p.Config.Environment {
		if v.Name == "PATH" {
			return v.Value
		}
	}
	path, _ := p.lookupDaemon("PATH")
	return cmp.Or(path, defaultPath)
}

// find returns the first file of that name in path, whatever kind of file it is. A
// name with a slash is one file, relative to the directory it is executed in.
func find(word, dir, path string) (string, fs.FileInfo) {
	if strings.Contains(word, "/") {
		info, err := os.Stat(within(dir, word))
		if err != nil {
			return word, nil
		}
		return word, info
	}
	for _, d := range strings.Split(path, ":") {
		file := filepath.Join(d, word)
		if d == "" {
			file = word
		}
		if info, err := os.Stat(file); err == nil {
			return file, info
		}
	}
	return word, nil
}

func within(dir, file string) string {
	if dir == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

func check(file string, info fs.FileInfo, word, dir string) error {
	switch {
	case info == nil:
		return faults.New(faults.NoFile, "can't find command "+python.Repr(word))
	case info.IsDir():
		return faults.New(faults.NotExecutable, fmt.Sprintf("command at %s is a directory", python.Repr(file)))
	case info.Mode()&0o111 == 0:
		return faults.New(faults.NotExecutable, fmt.Sprintf("command at %s is not executable", python.Repr(file)))
	case errors.Is(unix.Access(within(dir, file), unix.X_OK), unix.EACCES):
		return faults.New(faults.NotExecutable, "no permission to run command "+python.Repr(file))
	}
	return nil
}
