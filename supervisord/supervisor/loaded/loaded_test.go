package loaded

import (
	"fmt"
	"testing"

	"supervisor/supervisord/config"
)

func TestWithScale(t *testing.T) {
	t.Parallel()
	web := config.Scale{Group: "g", Section: "program:web", Numprocs: 4, Of: 2}
	job := config.Scale{Group: "a", Section: "program:job", Numprocs: 1, Of: 3}
	reset := config.Scale{Group: "g", Section: "program:web", Numprocs: 2, Of: 2}
	surplus := config.Scale{Group: "g", Section: "program:web", Numprocs: 2, Of: 2, Surplus: 1}
	for _, tt := range []struct {
		name   string
		scales []config.Scale
		add    config.Scale
		want   []config.Scale
	}{
		{"the first", nil, web, []config.Scale{web}},
		{"sorted by group", []config.Scale{web}, job, []config.Scale{job, web}},
		{"one that equals the file", []config.Scale{job, web}, reset, []config.Scale{job}},
		{"a surplus counts", []config.Scale{web}, surplus, []config.Scale{surplus}},
	} {
		if got := WithScale(tt.scales, tt.add); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestReplaceGroupKeepsReadersConfig: a configuration is never changed in place.
func TestReplaceGroupKeepsReadersConfig(t *testing.T) {
	t.Parallel()
	old, fresh := &config.Group{Name: "g"}, &config.Group{Name: "g"}
	c := New(&config.Config{Groups: []*config.Group{old}}, Source{})
	before := c.Current()
	c.ReplaceGroup(old, fresh)
	if before.Groups[0] != old || c.Current().Groups[0] != fresh {
		t.Error("the group is not replaced, or a reader sees it")
	}
	current := c.Current()
	c.ReplaceGroup(old, &config.Group{Name: "g"}) // which is not part of it any more
	if c.Current() != current {
		t.Error("a group that is not part of the configuration was replaced")
	}
}

func TestLogsHoldUntilTheNextRead(t *testing.T) {
	t.Parallel()
	p := &config.Process{Name: "p", Group: "g", Stdout: config.Log{Auto: true}}
	conf := &config.Config{Groups: []*config.Group{{Name: "g", Processes: []*config.Process{p}}}}
	conf.Supervisord.ChildLogDir, conf.Supervisord.Identifier = t.TempDir(), "id"
	c := New(conf, Source{})
	first, err := c.GenerateLogs(p)
	if err != nil || first.Stdout == "" || first.Stderr != "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := c.GenerateLogs(p); again != first || err != nil {
		t.Errorf("%+v, %v, want %+v", again, err, first)
	}
	c.Set(conf)
	if fresh, err := c.GenerateLogs(p); fresh.Stdout == first.Stdout || err != nil {
		t.Errorf("%+v, %v after a read", fresh, err)
	}
}

// TestLoadFallsBack: without scales and snapshots everything is a plain load.
func TestLoadFallsBack(t *testing.T) {
	t.Parallel()
	plain := &config.Config{}
	c := New(plain, Source{Load: func() (*config.Config, error) { return plain, nil }})
	checked, err := c.LoadChecked([]config.Scale{{Group: "g"}})
	if checked.Config != plain || checked.From != nil || err != nil {
		t.Errorf("%+v, %v", checked, err)
	}
	if err := c.RereadError(); err != nil {
		t.Error(err)
	}
}
