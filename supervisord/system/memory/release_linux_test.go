package memory

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// residentFile returns how much of this process's memory is of files, in kB.
func residentFile(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssFile:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Skip("this kernel does not report it")
	}
	n, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReleaseDropsCodePages(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if link, err := os.Readlink("/proc/self/exe"); err != nil || link != self {
		t.Skip("no /proc")
	}
	before := residentFile(t)
	release()
	if after := residentFile(t); after >= before {
		t.Errorf("%d kB of files before, %d kB after", before, after)
	}
	release() // its own code was read again
}
