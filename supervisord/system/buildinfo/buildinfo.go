package buildinfo

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// Compatible is the version of Supervisor whose interfaces the binaries have. Clients
// compare it: it is what supervisord -v prints and getSupervisorVersion answers.
const Compatible = "4.4.0"

// Long describes the binary in lines of "name: value". What was not recorded, as without
// a repository, is "unknown".
func Long(program string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return long(program, info)
}

func long(program string, info *debug.BuildInfo) string {
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := cmp.Or(settings["vcs.revision"], "unknown")
	if t := settings["vcs.time"]; t != "" {
		commit += " of " + t
	}
	if settings["vcs.modified"] == "true" {
		commit += ", with changes that are not committed"
	}
	release := strings.TrimSuffix(strings.Trim(info.Main.Version, "()"), "+dirty")
	var b strings.Builder
	fmt.Fprintf(&b, "%s (Go)\n", program)
	fmt.Fprintf(&b, "compatible with: Supervisor %s\n", Compatible)
	fmt.Fprintf(&b, "release: %s\n", cmp.Or(release, "unknown"))
	fmt.Fprintf(&b, "commit: %s\n", commit)
	fmt.Fprintf(&b, "built by: %s for %s/%s\n", cmp.Or(info.GoVersion, runtime.Version()), runtime.GOOS, runtime.GOARCH)
	return b.String()
}
