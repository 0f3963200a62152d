package compat

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/ctl"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/server/rpc"
)

var update = flag.Bool("update", false, "rewrite docs/compatibility.md")

func TestDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/compatibility.md"
	want := Document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("run this test with -update:\n%s", diff)
	}
}

func TestDifferencesAreComplete(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, x := range Differences() {
		if x.Code == "" || x.Area == "" || x.Supervisor == "" || x.Here == "" || x.Why == "" {
			t.Errorf("a field is empty: %+v", x)
		}
		if seen[x.Code] {
			t.Errorf("two differences have the code %s", x.Code)
		}
		seen[x.Code] = true
	}
}

func TestDifferencesReferToExistingNames(t *testing.T) {
	t.Parallel()
	var all []subject
	for _, o := range config.Options() {
		all = append(all, optionSubjects(o)...)
	}
	for _, m := range rpc.Methods() {
		all = append(all, subject{aMethod, m.Name})
	}
	for _, a := range ctl.Table().Describe() {
		all = append(all, subject{anAction, a.Name})
	}
	for _, e := range events.Types() {
		all = append(all, subject{anEvent, string(e)})
	}
	for _, x := range Differences() {
		for _, s := range x.Concerns {
			if !slices.Contains(all, s) {
				t.Errorf("%s concerns %+v, which does not exist", x.Code, s)
			}
		}
	}
}

func TestEveryEventHasAMeaning(t *testing.T) {
	t.Parallel()
	for _, e := range events.Types() {
		if eventMeaning(e) == "" {
			t.Errorf("the event %s has no meaning", e)
		}
	}
	if eventMeaning("NONE") != "" {
		t.Error("no event has a meaning")
	}
}
