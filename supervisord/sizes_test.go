package supervisord_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// How large the parts of the program may be. Test files are not measured.
const (
	maxFunction  = 60   // lines
	maxClosure   = 20   // lines
	maxStruct    = 20   // fields
	maxInterface = 12   // methods
	maxPackage   = 2500 // lines, comments included
	maxFileP90   = 260  // lines that 90 % of the files don't exceed
	maxFolders   = 12   // directly under supervisord
)

// sizeException says how large one thing may be, and why. TestSizes fails when the
// thing is no longer too large, so that the list holds nothing else.
type sizeException struct {
	name   string // of a function, a struct or a package, with its directory
	limit  int
	reason string
}

var sizeExceptions = []sizeException{
	{"supervisord/config.Supervisord", 30, "a field for each option"},
	{"supervisord/config.Process", 30, "a field for each option"},
	{"supervisord/api.ConfigInfo", 30, "the members of Supervisor's getAllConfigInfo"},
	{"supervisord/tools/sampleconf.sections", 75, "a table of sections"},
}

// measured is a size and the place it was found at.
type measured struct {
	what, name string
	size       int
	limit      int
	pos        token.Position
}

func TestSizes(t *testing.T) {
	t.Parallel()
	var all []measured
	var files []int
	packages := make(map[string]int)
	for _, path := range sourceFiles(t) {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join("..", path), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		lines := set.File(file.Pos()).LineCount() - 1
		files = append(files, lines)
		packages[filepath.Dir(path)] += lines
		all = append(all, measureFile(set, file, filepath.Dir(path))...)
	}
	for dir, lines := range packages {
		all = append(all, measured{what: "package", name: dir, size: lines, limit: maxPackage})
	}
	checkSizes(t, all)
	slices.Sort(files)
	if p90 := files[len(files)*9/10]; p90 > maxFileP90 {
		t.Errorf("one file in ten has more than %d lines, the limit is %d", p90, maxFileP90)
	}
	checkFolders(t)
}

// sourceFiles lists the Go files of the module that are no tests, whatever system
// they are for.
func sourceFiles(t *testing.T) (list []string) {
	t.Helper()
	for _, dir := range []string{"cmd", "ctl", "supervisord"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				list = append(list, strings.TrimPrefix(path, "../"))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// measureFile measures the functions, closures, structs and interfaces of a file.
func measureFile(set *token.FileSet, file *ast.File, dir string) (all []measured) {
	add := func(what, name string, size, limit int, n ast.Node) {
		all = append(all, measured{what, dir + "." + name, size, limit, set.Position(n.Pos())})
	}
	lines := func(n ast.Node) int { return set.Position(n.End()).Line - set.Position(n.Pos()).Line + 1 }
	function := ""
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			function = n.Name.Name
			add("function", function, lines(n), maxFunction, n)
		case *ast.FuncLit:
			add("closure", "a closure in "+function, lines(n), maxClosure, n)
		case *ast.TypeSpec:
			switch typ := n.Type.(type) {
			case *ast.StructType:
				add("struct", n.Name.Name, countFields(typ), maxStruct, n)
			case *ast.InterfaceType:
				add("interface", n.Name.Name, len(typ.Methods.List), maxInterface, n)
			}
		}
		return true
	})
	return all
}

func countFields(s *ast.StructType) (n int) {
	for _, f := range s.Fields.List {
		n += max(1, len(f.Names)) // an embedded field has no name
	}
	return n
}

// checkSizes reports what is larger than its limit, and exceptions without need.
func checkSizes(t *testing.T, all []measured) {
	t.Helper()
	needed := make(map[string]bool)
	for _, m := range all {
		if m.size <= m.limit {
			continue
		}
		i := slices.IndexFunc(sizeExceptions, func(e sizeException) bool { return e.name == m.name })
		if i >= 0 {
			needed[m.name] = true
			m.limit = sizeExceptions[i].limit
		}
		if m.size > m.limit {
			t.Errorf("%s %s has %d %s, the limit is %d%s", m.what, m.name, m.size, unit(m.what), m.limit, at(m.pos))
		}
	}
	for _, e := range sizeExceptions {
		if !needed[e.name] {
			t.Errorf("%s needs no exception any more", e.name)
		}
	}
}

func unit(what string) string {
	switch what {
	case "struct":
		return "fields"
	case "interface":
		return "methods"
	}
	return "lines"
}

func at(pos token.Position) string {
	if !pos.IsValid() {
		return ""
	}
	return fmt.Sprintf(" (%s:%d)", strings.TrimPrefix(pos.Filename, "../"), pos.Line)
}

func checkFolders(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, e.Name())
		}
	}
	if len(folders) > maxFolders {
		t.Errorf("%d folders directly under supervisord, the limit is %d: %v", len(folders), maxFolders, folders)
	}
}
