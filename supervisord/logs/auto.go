package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// autoAttempts is how many names AutoName tries. There are over 10¹² of them.
const autoAttempts = 100

// AutoName creates an empty file with mode 0600 in dir for one channel of a
// process and returns its name:
// process-channel---identifier-8 random characters.log.
// A path separator in one of the names becomes a dash.
func AutoName(dir, process, channel, identifier string) (path string, err error) {
	prefix := fmt.Sprintf("%s-%s---%s-", process, channel, identifier)
	prefix = filepath.Join(dir, strings.ReplaceAll(prefix, "/", "-"))
	for range autoAttempts {
		path = prefix + randomWord() + ".log"
		var file *os.File
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return path, file.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return "", err
}

// randomWord returns eight characters that distinguish files of the same process.
func randomWord() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
	word := make([]byte, 8)
	for i := range word {
		word[i] = letters[rand.IntN(len(letters))]
	}
	return string(word)
}

// CleanAuto removes the files in dir that AutoName has created for this identifier, and
// their backups, except those in keep. It returns the paths that it could not remove,
// and an error if dir cannot be read.
//
// Unlike Supervisor it takes the identifier literally and leaves alone a file
// whose name only begins like one of these.
func CleanAuto(dir, identifier string, keep ...string) (failed []string, err error) {
	identifier = strings.ReplaceAll(identifier, "/", "-")
	generated, err := regexp.Compile(`^.+---` + regexp.QuoteMeta(identifier) + `-\S+\.log(\.\d+)?$`)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !generated.MatchString(entry.Name()) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		if slices.ContainsFunc(keep, func(log string) bool { return path == log || strings.HasPrefix(path, log+".") }) {
			continue
		}
		if err := syscall.Unlink(path); err != nil && err != syscall.ENOENT {
			failed = append(failed, path)
		}
	}
	return failed, nil
}
