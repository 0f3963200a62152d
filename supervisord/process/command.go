package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/shlex"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/executable"
)

// defaultPath is searched when nobody set a PATH, as Supervisor does.
const defaultPath = "/bin:/usr/bin:/usr/local/bin"

// resolve finds the file and the words that a command of a program stands for. path
// is the daemon's PATH. The error is a *faults.Error whose detail is the spawn error's
// text.
func resolve(conf *config.Process, command, path string) (file string, argv []string, err error) {
	argv, err = shlex.Split(command)
	if err != nil {
		return "", nil, faults.New(faults.NotExecutable,
			fmt.Sprintf("can't parse command %s: %v", python.Repr(command), err))
	}
	if len(argv) == 0 {
		return "", nil, faults.New(faults.NotExecutable, "command is empty")
	}
	file, info := find(argv[0], conf.Directory, searchPath(conf, path))
	if err := check(file, info, argv[0], conf.Directory); err != nil {
		return "", nil, err
	}
	return file, argv, nil
}

// resolveListener is resolve for an event listener. The one of supervisor-stdout is
// Python; where it is missing our own binary does its work.
func resolveListener(conf *config.Process, path string) (file string, argv []string, err error) {
	file, argv, err = resolve(conf, conf.Command, path)
	fault, _ := errors.AsType[*faults.Error](err)
	if fault == nil || fault.Code != faults.NoFile {
		return file, argv, err
	}
	words, _ := shlex.Split(conf.Command) // it could be split just now
	self, selfErr := executable.Exact()
	if filepath.Base(words[0]) != spawn.StdoutListener || selfErr != nil {
		return file, argv, err
	}
	return self, []string{spawn.StdoutListener}, nil
}

// searchPath is the PATH of the program's own environment, else the daemon's.
func searchPath(conf *config.Process, path string) string {
	for _, v := range conf.Environment {
		if v.Name == "PATH" {
			return v.Value
		}
	}
	if path == "" {
		return defaultPath
	}
	return path
}

// find returns the first file of that name, whatever it is. A name with a
// slash is one file, seen from the directory in which it will be executed.
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
