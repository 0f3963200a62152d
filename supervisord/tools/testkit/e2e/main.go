package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"supervisor/supervisord"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

// parallel is how many tests of a package run at the same time, however few
// processors there are: they mostly wait for other processes.
const parallel = "4"

// Main is the TestMain of a package that starts daemons. It puts the programs on
// PATH: supervisord is the test binary under another name, supervisorctl and child
// are built. It does not return.
func Main(m *testing.M) {
	spawn.RunExecutor()
	testkit.ApplySeccomp()
	const daemon = "supervisord"
	var tests testscript.TestingM = m
	if filepath.Base(os.Args[0]) != daemon {
		setParallel()
		tests = testkit.BuildPrograms(m, testkit.ChildPackage, "supervisor/cmd/supervisorctl")
	}
	testscript.Main(tests, map[string]func(){
		daemon: func() { os.Exit(supervisord.Main(os.Args, os.Stdout, os.Stderr)) },
	})
}

// setParallel raises -parallel unless it was given.
func setParallel() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", parallel)
	}
}
