package inherited_test

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"supervisor/supervisord/system/inherited"
)

func TestMain(m *testing.M) {
	if os.Getenv("PRINT_NOFILE") != "" {
		soft, ok := inherited.Nofile()
		os.Stdout.WriteString(strconv.FormatUint(soft, 10) + " " + strconv.FormatBool(ok))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestSoftLimitBeforeGoRaisedIt(t *testing.T) {
	t.Parallel()
	if _, ok := inherited.Nofile(); !ok {
		t.Skipf("the limit is unknown on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	for _, want := range []string{"123", "200"} {
		cmd := exec.Command("sh", "-c", "ulimit -S -n "+want+" && exec "+os.Args[0])
		cmd.Env = append(os.Environ(), "PRINT_NOFILE=1")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(out)); got != want+" true" {
			t.Errorf("with ulimit -n %s: got %q", want, got)
		}
	}
}
