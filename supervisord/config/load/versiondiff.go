package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/shlex"
)

// noteVersionDiff notes for Check that Supervisor 4.2.5 reads a list of variables
// differently. Written is the text in the file, expanded the text with %(name)s
// replaced.
func (l *loader) noteVersionDiff(r *section.Reader, o *option.Option, written, expanded string) {
	k := section.Key{Section: r.Section, Option: o.Name}
	if o.Name != "environment" || l.versionDiffs[k] != "" {
		return
	}
	var err error
	if o.In == option.InSupervisord { // expanded twice, the first time with fewer names
		expanded, err = r.Vars.Expand(option.NameHere, written, r.Section+"."+o.Name)
		if err == nil {
			expanded, err = r.Vars.Expand(o.Names, expanded, o.Name)
		}
	}
	var before map[string]string
	if err == nil {
		before, err = keyValues425(expanded)
	}
	now, nowErr := config.ParseEnvironment(expanded)
	if err != nil && nowErr != nil {
		return
	}
	if err != nil {
		l.versionDiffs[k] = "4.2.5 refuses it"
	} else if text := describeVersionDiff(before, now.Map(), nowErr); text != "" {
		l.versionDiffs[k] = text
	}
}

// describeVersionDiff names the variables that have other values in 4.2.5, "" for none.
func describeVersionDiff(before, now map[string]string, nowErr error) string {
	if nowErr != nil {
		return "4.2.5 accepts it"
	}
	var list []string
	names := maps.Clone(before)
	maps.Copy(names, now)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, inOld := before[name]
		value, inNew := now[name]
		switch {
		case old == value && inOld == inNew:
		case !inOld:
			list = append(list, name+" is not set in 4.2.5")
		case !inNew:
			list = append(list, name+" is set in 4.2.5 only")
		default:
			old, oldMasked := option.Mask(name, old)
			value, newMasked := option.Mask(name, value)
			if oldMasked || newMasked {
				list = append(list, name+" has another value in 4.2.5")
				continue
			}
			list = append(list, fmt.Sprintf("%s is %s in 4.2.5 and %s here", name, python.Repr(old), python.Repr(value)))
		}
	}
	return strings.Join(list, ", ")
}

// keyValues425 reads environment= by the rules of Supervisor 4.2.5.
func keyValues425(s string) (map[string]string, error) {
	tokens, err := shlex.NonPOSIXTokens(s)
	if err != nil {
		return nil, err
	}
	pairs := make(map[string]string)
	for len(tokens) > 0 {
		if len(tokens) < 3 || tokens[1] != "=" {
			return nil, fmt.Errorf("Unexpected end of key/value pairs")
		}
		pairs[tokens[0]] = strings.Trim(tokens[2], `'"`)
		tokens = tokens[min(4, len(tokens)):]
	}
	return pairs, nil
}

// versionWarnings lists what 4.2.5 reads differently. Only Check warns of it: the file
// is right.
func (l *loader) versionWarnings() []string {
	var list []string
	byKey := func(a, b section.Key) int {
		return cmp.Or(cmp.Compare(a.Section, b.Section), cmp.Compare(a.Option, b.Option))
	}
	for _, k := range slices.SortedFunc(maps.Keys(l.versionDiffs), byKey) {
		at := l.Table.Position(k.Section, k.Option)
		e := section.Error{File: at.File, Line: at.Line, Section: k.Section, Option: k.Option}
		list = append(list, joinPosition(e.Position(), "Supervisor 4.2.5 reads this otherwise: "+l.versionDiffs[k]))
	}
	return list
}
