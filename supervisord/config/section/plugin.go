package section

import (
	"fmt"
	"strings"

	"supervisor/supervisord/config/option"
)

// Plugin is what a section says about a plug-in.
type Plugin struct {
	Name    string // of the section, after the colon
	Section string
	Factory string            // module:callable, as written
	Options map[string]string // all further options, expanded
}

// Plugin reads a section of a plug-in, which names a factory. All its other
// options, whatever their names, are the factory's arguments.
func (f *File) Plugin(in option.Sections, section, factory string) (Plugin, bool) {
	r := f.Reader(in, section)
	_, name, _ := strings.Cut(section, ":")
	p := Plugin{Name: name, Section: section, Options: make(map[string]string)}
	if !r.IsSet(factory) {
		r.Fail(factory, fmt.Sprintf("section [%s] does not specify a %s", section, factory))
		return p, false
	}
	p.Factory, _ = r.Text(factory)
	if (f.Resolve != nil || !option.IsThirdParty(p.Factory)) && !r.Resolve(factory, p.Factory) {
		return p, false
	}
	for _, name := range f.Table.Options(section) {
		if name == factory {
			continue
		}
		value, _ := f.Table.Get(section, name)
		value, err := r.Vars.Expand(0, value, section+"."+name)
		if err != nil {
			r.Fail(name, err.Error())
		}
		p.Options[name] = value
	}
	return p, true
}

// Resolve checks that the plug-in which an option names can be loaded.
func (r *Reader) Resolve(name, reference string) bool {
	resolve := r.file.Input.Resolve
	if resolve == nil {
		resolve = option.ResolveBuiltIn
	}
	err := resolve(reference)
	if err != nil {
		r.Fail(name, fmt.Sprintf("%s cannot be resolved within [%s]: %v", reference, r.Section, err))
	}
	return err == nil
}
