package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Timeout is how long a test waits for what must come, of other processes or of
// the network. It says nothing about how long that should take: on a machine that
// is slow and crowded everything takes its time, and only what never comes is a
// failure.
const Timeout = 5 * time.Minute

// ChildPackage is the program that tests have supervised.
const ChildPackage = "supervisor/supervisord/tools/testkit/child"

// Suite is the tests of a package that start programs of this module.
type Suite struct {
	m   *testing.M
	dir string // of the programs, "" if they are another process's
}

// programsVar tells a test binary that is started by another one which programs are on
// PATH already.
const programsVar = "SUPERVISOR_TEST_PROGRAMS"

// BuildPrograms builds the main packages with these import paths before the tests of m
// run, as they are shipped: a race detector in each of hundreds of children would be
// all that a small machine has time for. They are on PATH while the tests run. It
// must be called before anything reaps the children of this process.
//
// What is built with the race detector all the same, the test binary itself, no
// longer waits for a second at its exit.
func BuildPrograms(m *testing.M, packages ...string) *Suite {
	names := strings.Join(packages, " ")
	if os.Getenv(programsVar) == names {
		return &Suite{m: m}
	}
	dir, err := os.MkdirTemp("", "programs")
	if err == nil {
		err = build(dir, packages)
	}
	if err != nil {
		os.RemoveAll(dir)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Setenv(programsVar, names)
	return &Suite{m, dir}
}

// Run runs the tests and returns their exit status.
func (s *Suite) Run() int {
	if s.dir != "" {
		defer os.RemoveAll(s.dir)
	}
	return s.m.Run()
}

func build(dir string, packages []string) error {
	if err := os.Chmod(dir, 0o755); err != nil { // some programs run as other users
		return err
	}
	args := append([]string{"build", "-tags", "urfave_cli_no_docs", "-trimpath", "-ldflags", "-s -w", "-o", dir + "/"}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %v\n%s", err, out)
	}
	return nil
}

// Command is the argv of a child, which does what the arguments say: see
// package child.
func Command(args ...string) []string {
	path, err := exec.LookPath("child")
	if err != nil {
		panic("testkit: TestMain has to have Programs build ChildPackage")
	}
	return append([]string{path}, args...)
}

// Binary is the running test binary.
func Binary() string {
	path, err := os.Executable()
	if err != nil {
		panic(err) // a test can't go on without itself
	}
	return path
}
