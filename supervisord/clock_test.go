package supervisord_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wallClock lists what takes the monotonic clock away from a time, or makes one
// without it. What is left is the wall clock, which somebody may set back by a
// year.
var wallClock = []string{"Unix", "UnixMilli", "UnixMicro", "UnixNano", "Round", "Truncate", "UTC", "In", "Local", "Date", "Parse",
	"ParseInLocation", "AddDate", "Equal", "Clock", "Hour", "Minute", "Second"}

// TestClockSteps: no decision about a process depends on the wall clock. That
// clock belongs to the whole machine, so a test can't set it; instead nothing
// in the packages that decide may ask for it.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"process", "events/listener", "spawn", "api/states"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				checkMonotonic(t, name)
			}
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
			t.Errorf("%s: %s leaves the wall clock alone", files.Position(call.Pos()), sel.Sel.Name)
		}
		return true
	})
}

// isOurPackage tells whether a selector is a function of one of our packages.
func isOurPackage(file *ast.File, sel *ast.SelectorExpr) bool {
	name, ok := sel.X.(*ast.Ident)
	return ok && slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		path := strings.Trim(i.Path.Value, `"`)
		return strings.HasPrefix(path, module) && filepath.Base(path) == name.Name
	})
}

// isDeadlineInThePast knows SetReadDeadline(time.Unix(1, 0)), which is past
// whatever anybody sets the clock to.
func isDeadlineInThePast(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && strings.HasSuffix(sel.Sel.Name, "Deadline")
}
