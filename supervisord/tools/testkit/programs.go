package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Timeout is how long a test waits for another process or for the network. It is no
// measure of how long that should take: on a slow and busy machine only what never
// happens is a failure.
const Timeout = 5 * time.Minute

// ChildPackage is the main package of the program that tests supervise.
const ChildPackage = "supervisor/supervisord/tools/testkit/child"

// Suite is the tests of a package, which start programs of this module.
type Suite struct {
	m   *testing.M
	dir string // of the programs, "" if another process has built them
}

// programsVar has the programs that are on PATH. A test binary that another one starts
// does not build them again.
const programsVar = "SUPERVISOR_TEST_PROGRAMS"

// BuildPrograms builds the main packages with these import paths before the tests of m
// run, and puts them on PATH. They are built as they are shipped: the race detector in
// hundreds of children would slow the tests down too much. Call it before anything
// reaps the children of this process.
//
// It also sets GORACE, so that a test binary with the race detector does not wait for
// a second at its exit.
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

// Command is the argv of a child with these arguments: see package child.
func Command(args ...string) []string {
	path, err := exec.LookPath("child")
	if err != nil {
		panic("testkit: TestMain must call BuildPrograms with ChildPackage")
	}
	return append([]string{path}, args...)
}

// Binary is the running test binary.
func Binary() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}
