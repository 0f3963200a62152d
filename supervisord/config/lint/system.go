package lint

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ThisSystem is the machine and user of this process.
func ThisSystem() System {
	return System{
		ReadFile:    os.ReadFile,
		LookPath:    lookPath,
		CanWrite:    func(directory string) error { return unix.Access(directory, unix.W_OK|unix.X_OK) },
		InContainer: inContainer(),
	}
}

// lookPath returns an error if a command can't be executed, or is not in a directory of
// PATH.
func lookPath(command string) error {
	if strings.Contains(command, "/") {
		return unix.Access(command, unix.X_OK)
	}
	for _, directory := range filepath.SplitList(os.Getenv("PATH")) {
		if unix.Access(filepath.Join(directory, command), unix.X_OK) == nil {
			return nil
		}
	}
	return unix.ENOENT
}

// inContainer reports whether Docker, Podman or Kubernetes runs this process, by the files
// and the variable that they leave for it.
func inContainer() bool {
	for _, file := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(file); err == nil {
			return true
		}
	}
	return os.Getenv("KUBERNETES_SERVICE_HOST") != ""
}
