package clientlogs

import (
	"fmt"
	"strings"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/logs/history"
	"supervisor/supervisord/logs/printable"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/runs"
	"supervisor/supervisord/system/boottime"
)

// maxOutput is how much of the output of a run is returned, in bytes.
const maxOutput = 8 << 10

// Runs returns the last runs of a process, with so many of the last lines of each. It
// reads them from the logs: what was rotated away is missing.
func (l *Logs) Runs(name string, lines int) (api.ProcessRuns, error) {
	p, err := l.Find(name)
	if err != nil {
		return api.ProcessRuns{}, err
	}
	return runsOf(p, lines), nil
}

// AllRuns is Runs for all processes that have any.
func (l *Logs) AllRuns(lines int) []api.ProcessRuns {
	var all []api.ProcessRuns
	for _, p := range l.All() {
		if len(p.Runs()) > 0 {
			all = append(all, runsOf(p, lines))
		}
	}
	return all
}

func runsOf(p *process.Process, lines int) api.ProcessRuns {
	info := api.ProcessRuns{Name: p.Config.Name, Group: p.Config.Group, Restarts: p.RestartsInLastHour(), Runs: []api.Run{}}
	for _, r := range p.Runs() {
		run := api.Run{
			PID: r.PID, Start: seconds(r.Started), Stop: seconds(r.Ended), ExitStatus: r.Code, Core: r.Core, Expected: r.Expected,
			SpawnErr: r.SpawnErr, Summary: r.String(), StartedBy: r.StartedBy, StoppedBy: r.StoppedBy,
			MaxRSS: float64(r.MaxRSS), CPU: r.CPU.Seconds(), Output: LastLines(p, &r, lines),
		}
		if r.Signal != 0 {
			run.Signal = signals.Name(r.Signal)
		}
		info.Runs = append(info.Runs, run)
	}
	return info
}

func seconds(t boottime.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / float64(time.Second/time.Microsecond)
}

// LastLines returns the last lines that a run wrote: of stderr if there are any, else of
// stdout. It returns no nil slice.
func LastLines(p *process.Process, r *runs.Run, lines int) []string {
	for _, one := range []struct {
		channel string
		place   runs.Output
	}{{"stderr", r.Stderr}, {"stdout", r.Stdout}} {
		if one.place.Inode == 0 || lines <= 0 {
			continue
		}
		from := history.Place{Inode: one.place.Inode, Offset: one.place.From}
		to := history.Place{Inode: one.place.EndInode, Offset: one.place.To}
		text, err := history.Between(p.Stream(one.channel).Path(), from, to, r.Ended.Time, lines, maxOutput)
		if err == nil && len(text) > 0 {
			return strings.Split(strings.TrimSuffix(logs.Text(text), "\n"), "\n")
		}
	}
	return []string{}
}

// ExplainRestarts returns why a process that keeps being restarted is, nil if it was not
// restarted within the last hour.
func ExplainRestarts(p *process.Process) []api.Reason {
	restarts, list := p.RestartsInLastHour(), p.Runs()
	if restarts == 0 || len(list) == 0 {
		return nil
	}
	last := list[len(list)-1]
	text := fmt.Sprintf("restarted %d times within the last hour; the last run ended after %s: %s",
		restarts, last.Duration().Round(100*time.Millisecond), last.String())
	if restarts == 1 {
		text = strings.Replace(text, "1 times", "once", 1)
	}
	if lines := LastLines(p, &last, 1); len(lines) > 0 {
		text += "; its last line was: " + printable.Text(lines[0])
	}
	return []api.Reason{{Kind: "restarts", Text: text}}
}
