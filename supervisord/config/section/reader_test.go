package section

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/source/sourcetest"
)

// dish is the struct of a section for tests.
type dish struct {
	Name  string
	Count int
	Spicy bool
}

var dishOptions = option.Table{
	{Name: "name", In: option.InProgram, Alias: "title", Names: option.NameHere, Missing: "%s has no name",
		Field: option.FieldOf(func(d *dish) any { return &d.Name })},
	{Name: "count", In: option.InProgram, Type: option.Integer, Default: "2", Flag: &option.Flag{},
		Field: option.FieldOf(func(d *dish) any { return &d.Count })},
	{Name: "spicy", In: option.InProgram, Type: option.Boolean,
		Field: option.FieldOf(func(d *dish) any { return &d.Spicy })},
	{Name: "price", In: option.InProgram, Type: option.Integer, Extension: true}, // it has no field
}

// readDish fills a dish from the options of a section.
func readDish(t *testing.T, text string, overrides Overrides) (dish, *Reader) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "c.conf"), []byte("[program:x]\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := NewFile(Input{Path: "c.conf", Host: sourcetest.Host(dir), Overrides: overrides}, dishOptions, nil)
	if !f.Search() || !f.ReadMain() {
		t.Fatal(f.Errs)
	}
	r := f.Reader(option.InProgram, "program:x")
	d := dish{Spicy: true}
	r.Fill(r.Options(), new(int), &d)
	return d, r
}

func TestFill(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text      string
		overrides Overrides
		want      dish
		err       string
	}{
		{"name=soup\ncount=3\nspicy=no\nprice=x\n", nil, dish{"soup", 3, false}, ""},
		{"title=soup\n", nil, dish{"soup", 2, true}, ""},
		{"count=3\n", nil, dish{"", 3, true}, "program:x has no name"},
		{"name=soup\ncount=x\n", nil, dish{"soup", 0, true}, "invalid literal for int() with base 10: 'x'"},
		{"name=soup\n", Overrides{"count": 7, "spicy": false}, dish{"soup", 7, true}, ""}, // spicy is not on the command line
	} {
		got, r := readDish(t, tt.text, tt.overrides)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
		text := ""
		if errs := r.file.Errs; len(errs) > 0 {
			text = errs.Error()
		}
		if text != tt.err {
			t.Errorf("%q: error %q, want %q", tt.text, text, tt.err)
		}
	}
}

// TestFailReportsOnce: one reader reports an error again only if its text is another,
// and a second reader of the section reports nothing about the same option.
func TestFailReportsOnce(t *testing.T) {
	t.Parallel()
	_, r := readDish(t, "name=soup\nprice=x\n", nil)
	Get[int](r, "price")
	Get[int](r, "price")
	r.Fail("price", "too high")
	r.file.Reader(option.InProgram, "program:x").Fail("price", "still too high")
	var texts []string
	for _, e := range r.file.Errs {
		texts = append(texts, e.Detail)
	}
	want := []string{"invalid literal for int() with base 10: 'x'", "too high"}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if at := r.file.Errs[0].Position(); at != "c.conf:3: [program:x] price = x" {
		t.Errorf("its position is %s", at)
	}
}

func TestAllowedNames(t *testing.T) {
	t.Parallel()
	_, r := readDish(t, "name=%(here)s\n", nil)
	r.AllowedNames = 0
	if _, ok := r.Text("name"); ok || !strings.Contains(r.file.Errs.Error(), "names ('here') which cannot be expanded") {
		t.Errorf("errors: %v", r.file.Errs)
	}
}
