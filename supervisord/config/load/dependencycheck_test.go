package load

import (
	"fmt"
	"slices"
	"testing"

	"supervisor/supervisord/config"
)

// TestDependencyTargets: a name is that of a program, or of a group if there is no
// such program.
func TestDependencyTargets(t *testing.T) {
	t.Parallel()
	c, err := loadText(t, "[supervisord]\n[program:web]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n"+
		"[program:nginx]\ncommand=x\n[group:web]\nprograms=web,nginx\n[program:db]\ncommand=x\n")
	if err != nil {
		t.Fatal(err)
	}
	var all []*config.Process
	for _, g := range c.Groups {
		all = append(all, g.Processes...)
	}
	for name, want := range map[string]string{
		"web": "[web:0 web:1]", "web:*": "[web:0 web:1 web:nginx]", "web:1": "[web:1]", "nginx": "[web:nginx]",
		"db": "[db:db]", "db:db": "[db:db]", "db:*": "[db:db]", "cron": "[]", "web:2": "[]",
	} {
		var got []string
		for _, p := range (&config.Dependency{Name: name}).Targets(all) {
			got = append(got, p.Group+":"+p.Name)
		}
		slices.Sort(got)
		if fmt.Sprint(got) != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
}

// TestDependentStartupOptions: the options of supervisord-dependent-startup work here
// too.
func TestDependentStartupOptions(t *testing.T) {
	t.Parallel()
	c, err := loadText(t, "[supervisord]\n[program:a]\ncommand=x\nautostart=false\ndependent_startup=true\npriority=5\n"+
		"[program:b]\ncommand=x\nautostart=false\ndependent_startup=true\ndependent_startup_inherit_priority=true\n"+
		"dependent_startup_wait_for=a:running,exited a:EXITED,fatal a:starting\n")
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Groups[0].Processes[0], c.Groups[1].Processes[0]
	if !a.Autostart || !b.Autostart || b.Priority != 5 {
		t.Errorf("they start by themselves: %t, %t; the priority is %d", a.Autostart, b.Autostart, b.Priority)
	}
	var got []string
	for _, d := range b.DependsOn {
		got = append(got, fmt.Sprint(d.Name, " ", d.Condition, " ", d.Soft))
	}
	if want := "[a ready or success false a success true a started false]"; fmt.Sprint(got) != want {
		t.Errorf("b depends on %v, want %s", got, want)
	}
}
