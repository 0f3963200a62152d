package compatibility

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestTimeZone starts the daemon with a POSIX string in TZ, for which there is no
// zoneinfo file. Its log has the time of that zone, and programs get TZ unchanged.
func TestTimeZone(t *testing.T) {
	t.Parallel()
	const tz, east = "<+1307>-13:07", 13*time.Hour + 7*time.Minute
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sh -c \"echo $TZ >%(here)s/tz.new; mv %(here)s/tz.new %(here)s/tz; exec sleep 1000\"\n")
	before := time.Now().Truncate(time.Second)
	daemon := exec.Command("supervisord", "-s", "-c", d.Path("supervisord.conf"))
	daemon.Env = append(os.Environ(), "TZ="+tz)
	d.Launch(daemon)
	d.Await("the program", func() bool { return d.Read("tz") != "" })
	if got := strings.TrimSpace(d.Read("tz")); got != tz {
		t.Errorf("the program has TZ=%s", got)
	}
	line := d.Log()
	logged, err := time.ParseInLocation("2006-01-02 15:04:05", line[:min(len(line), 19)], time.FixedZone(tz, int(east.Seconds())))
	if err != nil || logged.Before(before) || logged.After(time.Now()) {
		t.Errorf("%v: %s", err, line)
	}
}
