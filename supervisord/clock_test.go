package supervisord_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wallClock lists the functions and methods that strip the monotonic clock reading
// from a time, or make a time without one. What is left is the wall clock, which
// may be set back by a year.
var wallClock = []string{"Unix", "UnixMilli", "UnixMicro", "UnixNano", "Round", "Truncate", "UTC", "In", "Local", "Date", "Parse",
	"ParseInLocation", "AddDate", "Equal", "Clock", "Hour", "Minute", "Second"}

// TestClockSteps checks that no decision about a process depends on the wall clock.
// A test can't set that clock, which the whole machine shares. Instead, the
// packages that decide must not use it.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"process", "events/listener", "spawn", "api/states"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				checkMonotonic(t, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkMonotonic(t *testing.T, name string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if isDeadlineInThePast(call) {
			return false
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(wallClock, sel.Sel.Name) && !isOurPackage(file, sel) {
			t.Errorf("%s: %s uses the wall clock", files.Position(call.Pos()), sel.Sel.Name)
		}
		return true
	})
}

// isOurPackage reports whether a selector is a function of one of our packages.
func isOurPackage(file *ast.File, sel *ast.SelectorExpr) bool {
	name, ok := sel.X.(*ast.Ident)
	return ok && slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		path := strings.Trim(i.Path.Value, `"`)
		return strings.HasPrefix(path, module) && filepath.Base(path) == name.Name
	})
}

// isDeadlineInThePast reports whether a call is like SetReadDeadline(time.Unix(1, 0)),
// which is in the past whatever the clock is set to.
func isDeadlineInThePast(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.HasSuffix(sel.Sel.Name, "Deadline")
}
