//go:build !linux

package executable

import "os"

// executedPath returns the path of the running binary, "" if it is unknown.
func executedPath() string {
	path, _ := os.Executable()
	return path
}
