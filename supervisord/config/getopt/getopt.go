package getopt

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Option is one row of a program's table of options.
type Option struct {
	Long    string   // long form without its dashes, "" for none
	Aliases []string // further long forms
	Short   string   // every character of it is a short form
	Arg     string   // what its argument is called in the usage, "" for a flag
	Help    string   // one line for the usage
}

// Name returns one name for all forms of the option: the long form, or the first
// short one if there is none.
func (o *Option) Name() string {
	if o.Long != "" {
		return o.Long
	}
	_, n := utf8.DecodeRuneInString(o.Short)
	return o.Short[:n]
}

// Given is one option as it was found on a command line.
type Given struct {
	Option   *Option // its row
	Form     string  // "-n" or "--nodaemon"; an abbreviation is written out
	Value    string  // the argument, "" for a flag
	Repeated bool    // the same option stands further left
}

// Conflict returns the error to report for a repeated option.
func (g Given) Conflict() error {
	return fmt.Errorf("conflicting command line option '%s'", g.Form)
}

// Parse reads args, which do not include the program's name. It returns the
// options in the order typed and the words after them. The error is worded
// like Python's getopt.error. A repeated option is only marked, because errors in the
// values of options before it are reported first.
func Parse(table []Option, args []string) (given []Given, rest []string, err error) {
	p := parser{table: table, args: args, seen: make(map[*Option]bool)}
	for len(p.args) > 0 && len(p.args[0]) > 1 && p.args[0][0] == '-' {
		word := p.args[0]
		p.args = p.args[1:]
		if word == "--" {
			break
		}
		if long, ok := strings.CutPrefix(word, "--"); ok {
			err = p.long(long)
		} else {
			err = p.shorts(word[1:])
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return p.given, p.args, nil
}

// Args writes options and words as "--name=value" and "--name", each option's
// canonical name, then "--" and the words if there are any.
func Args(given []Given, rest []string) []string {
	var args []string
	for _, g := range given {
		arg := "--" + g.Option.Name()
		if g.Option.Arg != "" {
			arg += "=" + g.Value
		}
		args = append(args, arg)
	}
	if len(rest) > 0 {
		args = append(append(args, "--"), rest...)
	}
	return args
}

// parser is the state of one Parse.
type parser struct {
	table []Option
	args  []string // not read yet
	given []Given
	seen  map[*Option]bool
}

func (p *parser) add(o *Option, form, value string) {
	p.given = append(p.given, Given{Option: o, Form: form, Value: value, Repeated: p.seen[o]})
	p.seen[o] = true
}

// next takes the word after an option as its argument, even if it looks like an option.
func (p *parser) next(form string) (string, error) {
	if len(p.args) == 0 {
		return "", fmt.Errorf("option %s requires argument", form)
	}
	word := p.args[0]
	p.args = p.args[1:]
	return word, nil
}

// long reads "name", "name=value" or a prefix of them.
func (p *parser) long(word string) error {
	name, value, hasValue := strings.Cut(word, "=")
	o, full, err := p.findLong(name)
	if err != nil {
		return err
	}
	form := "--" + full
	switch {
	case o.Arg == "" && hasValue:
		return fmt.Errorf("option %s must not have an argument", form)
	case o.Arg != "" && !hasValue:
		if value, err = p.next(form); err != nil {
			return err
		}
	}
	p.add(o, form, value)
	return nil
}

// findLong looks up a long form by its whole name or a unique prefix. Two
// spellings of one option do not make a prefix ambiguous.
func (p *parser) findLong(name string) (found *Option, full string, err error) {
	for i := range p.table {
		o := &p.table[i]
		for _, long := range append([]string{o.Long}, o.Aliases...) {
			switch {
			case long == "" || !strings.HasPrefix(long, name):
			case long == name:
				return o, long, nil
			case found == nil:
				found, full = o, long
			case found != o:
				err = fmt.Errorf("option --%s not a unique prefix", name)
			}
		}
	}
	if found == nil {
		return nil, "", fmt.Errorf("option --%s not recognized", name)
	}
	return found, full, err
}

// shorts reads bundled short forms; the first one that takes an argument takes
// the rest of the word, or the next word if nothing is left.
func (p *parser) shorts(word string) error {
	for word != "" {
		_, n := utf8.DecodeRuneInString(word)
		form := "-" + word[:n]
		o := p.findShort(word[:n])
		word = word[n:]
		if o == nil {
			return errors.New("option " + form + " not recognized")
		}
		if o.Arg == "" {
			p.add(o, form, "")
			continue
		}
		if word == "" {
			var err error
			if word, err = p.next(form); err != nil {
				return err
			}
		}
		p.add(o, form, word)
		return nil
	}
	return nil
}

func (p *parser) findShort(letter string) *Option {
	for i := range p.table {
		if strings.Contains(p.table[i].Short, letter) {
			return &p.table[i]
		}
	}
	return nil
}
