package localtime

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// load is Load with the given variables.
func load(variables map[string]string) *time.Location {
	return Load(func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	})
}

const layout = "2006-01-02 15:04:05"

// The results are those of the C library.
func TestPOSIXStrings(t *testing.T) {
	t.Parallel()
	const winter, summer = 1704110400, 1720000000 // 2024-01-01 12:00:00, 2024-07-03 09:46:40
	for tz, want := range map[string][2]string{
		"CST-8":                            {"2024-01-01 20:00:00", "2024-07-03 17:46:40"},
		":CST-8":                           {"2024-01-01 20:00:00", "2024-07-03 17:46:40"},
		"<+03>-3":                          {"2024-01-01 15:00:00", "2024-07-03 12:46:40"},
		"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1": {"2024-01-01 09:00:00", "2024-07-03 07:46:40"},
		"CET-1CEST,M3.5.0,M10.5.0/3":       {"2024-01-01 13:00:00", "2024-07-03 11:46:40"},
		"UTC+3:30:15":                      {"2024-01-01 08:29:45", "2024-07-03 06:16:25"},
		"AEST-10AEDT,M10.1.0,M4.1.0/3":     {"2024-01-01 23:00:00", "2024-07-03 19:46:40"},
		"XYZ5XDT":                          {"2024-01-01 07:00:00", "2024-07-03 05:46:40"},
		"XYZ5XDT4,":                        {"2024-01-01 07:00:00", "2024-07-03 05:46:40"},
		"XYZ5XDT,J60,J300":                 {"2024-01-01 07:00:00", "2024-07-03 05:46:40"},
		"XYZ5XDT,59/-5,299/26":             {"2024-01-01 07:00:00", "2024-07-03 05:46:40"},
		"CST-8xx":                          {"2024-01-01 20:00:00", "2024-07-03 17:46:40"},
		"":                                 {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		":":                                {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		"FOO":                              {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		"AB3":                              {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		"No/Such+5":                        {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		"/no/such/file":                    {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		"/dev/zero":                        {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		"<>5":                              {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
		"CST-999":                          {"2024-01-01 12:00:00", "2024-07-03 09:46:40"},
	} {
		zone := load(map[string]string{"TZ": tz})
		for i, second := range []int64{winter, summer} {
			if got := time.Unix(second, 0).In(zone).Format(layout); got != want[i] {
				t.Errorf("TZ=%s: %d is %s, want %s", tz, second, got, want[i])
			}
		}
	}
}

// Zoneinfo files are found in TZDIR and by their full path. A file takes precedence over a POSIX
// string.
func TestZoneinfoFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "Here"), 0o755); err != nil {
		t.Fatal(err)
	}
	// A version 1 file: one zone, two hours east.
	file := "TZif" + strings.Repeat("\x00", 16) + strings.Repeat("\x00", 16) + "\x00\x00\x00\x01\x00\x00\x00\x03" + "\x00\x00\x1c\x20\x00\x00" + "XX\x00"
	for _, name := range []string{"Here/Town", "ABC5"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for tz, hours := range map[string]int{
		"Here/Town": 2, ":Here/Town": 2, "ABC5": 2, filepath.Join(dir, "ABC5"): 2, ":" + filepath.Join(dir, "ABC5"): 2,
		"ABC6": -6, "Here": 0, "Here/Nowhere": 0,
	} {
		zone := load(map[string]string{"TZ": tz, "TZDIR": dir})
		if _, offset := time.Unix(0, 0).In(zone).Zone(); offset != hours*3600 {
			t.Errorf("TZ=%s: %d seconds", tz, offset)
		}
	}
	if zone := load(nil); zone != time.Local {
		t.Errorf("without TZ: %v", zone)
	}
}

// allTZForms returns values of TZ in all forms, except those with summer time but without rules:
// for these some C libraries read the file posixrules.
func allTZForms() []string {
	all := []string{
		"CST-8", "<+03>-3", ":CST-8", "UTC0", "GMT", "EST5EDT", ":Europe/Berlin", "Europe/Berlin", "/usr/share/zoneinfo/Asia/Tokyo",
		"", ":", "nonsense", "Etc/GMT+5", "<-00>0", "<+0545>-5:45", "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", "IST-2IDT,M3.4.4/26,M10.5.0",
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "EST5EDT,M3.2.0/2,M11.1.0/2", "AAA-14", "AAA12BBB13,M1.1.1,M12.5.6/23:59:59", "AAA+24", "AAA-23:59:59", "XXX3YYY,0/0,J365/25", "CST-8!",
	}
	for _, day := range []string{"J1", "J59", "J60", "J365", "0", "58", "59", "365", "M2.5.0", "M1.1.6", "M12.5.3", "M6.3.1"} {
		for _, at := range []string{"", "/0", "/1:30", "/26", "/-3", "/167", "/-167"} {
			all = append(all, "AAA5BBB,"+day+at+",M10.5.0", "AAA-9:30BBB-10,M4.1.0/3,"+day+at)
		}
	}
	return all
}

// yearEndRule matches a change at the end of the year, which its time may move into the next
// one. The GNU C library forgets it then at the first of January.
var yearEndRule = regexp.MustCompile(`[,J](365|M12\.5\.3)\b`)

// The results are compared with Python's time.localtime, which uses the C library.
func TestMatchesCLibrary(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: no python3; TestPOSIXStrings checks recorded values")
	}
	var seconds []int64
	for second := time.Date(2023, 12, 30, 0, 0, 0, 0, time.UTC).Unix(); second < time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC).Unix(); second += 7*3600 + 1811 {
		seconds = append(seconds, second)
	}
	input, err := json.Marshal(map[string]any{"zones": allTZForms(), "seconds": seconds})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", `
import json, os, sys, time
given = json.load(sys.stdin)
for tz in given["zones"]:
    os.environ["TZ"] = tz
    time.tzset()
    print(json.dumps([time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(s)) for s in given["seconds"]]))
`)
	cmd.Stdin = strings.NewReader(string(input))
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TZDIR=") })
	out, err := cmd.Output()
	if err != nil {
		t.Skip("SKIPPED: python3 can't be run: ", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, tz := range allTZForms() {
		var want []string
		if err := json.Unmarshal([]byte(lines[i]), &want); err != nil {
			t.Fatal(err)
		}
		zone := load(map[string]string{"TZ": tz})
		var wrong []string
		for k, second := range seconds {
			at := time.Unix(second, 0)
			if at.UTC().YearDay() < 9 && yearEndRule.MatchString(tz) {
				continue
			}
			if got := at.In(zone).Format(layout); got != want[k] {
				wrong = append(wrong, fmt.Sprintf("%d is %s, want %s", second, got, want[k]))
			}
		}
		if len(wrong) > 0 {
			t.Errorf("TZ=%s: %d of %d differ: %s", tz, len(wrong), len(seconds), wrong[0])
		}
	}
}
