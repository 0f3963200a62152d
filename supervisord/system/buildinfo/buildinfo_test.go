package buildinfo

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestLong(t *testing.T) {
	t.Parallel()
	system := " for " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	for _, test := range []struct {
		info debug.BuildInfo
		want string
	}{{
		debug.BuildInfo{GoVersion: "go1.99", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0a1b2c"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "false"}}},
		"x (Go)\ncompatible with: Supervisor 4.4.0\nrelease: v1.2.3\ncommit: 0a1b2c of 2026-01-02T03:04:05Z\nbuilt by: go1.99" + system,
	}, {
		debug.BuildInfo{GoVersion: "go1.99", Main: debug.Module{Version: "v1.2.3+dirty"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0a1b2c"}, {Key: "vcs.modified", Value: "true"}}},
		"x (Go)\ncompatible with: Supervisor 4.4.0\nrelease: v1.2.3\ncommit: 0a1b2c, with changes that are not committed\nbuilt by: go1.99" + system,
	}, {
		debug.BuildInfo{Main: debug.Module{Version: "(devel)"}},
		"x (Go)\ncompatible with: Supervisor 4.4.0\nrelease: devel\ncommit: unknown\nbuilt by: " + runtime.Version() + system,
	}, {
		debug.BuildInfo{},
		"x (Go)\ncompatible with: Supervisor 4.4.0\nrelease: unknown\ncommit: unknown\nbuilt by: " + runtime.Version() + system,
	}} {
		if got := long("x", &test.info); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}
