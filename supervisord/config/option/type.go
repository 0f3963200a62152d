package option

import "supervisor/supervisord/config/source"

// Type is a type of options: what its text may say and which value it becomes.
// Make one with NewType or NewHostType.
type Type struct {
	name  string
	parse func(h *source.Host, s string) (any, error)
	text  func(value any) string
	json  func(value any) any
	zero  any
}

// NewType makes a type from its name for the documentation, its parser and its
// printer. The printer writes a value as one would in a file; it may be nil if
// no value of the type is ever compared.
func NewType[V any](name string, parse func(string) (V, error), text func(V) string) *Type {
	return NewHostType(name, func(_ *source.Host, s string) (V, error) { return parse(s) }, text)
}

// NewHostType is NewType for a parser that asks the host.
func NewHostType[V, P any](name string, parse func(*source.Host, string) (V, error), text func(P) string) *Type {
	var zero V
	return &Type{
		name:  name,
		parse: func(h *source.Host, s string) (any, error) { return parse(h, s) },
		text:  func(value any) string { return text(value.(P)) },
		json:  func(value any) any { return value },
		zero:  zero,
	}
}

// WithJSON returns the type with another form in JSON than encoding/json's.
func WithJSON[P any](t *Type, form func(P) any) *Type {
	t.json = func(value any) any { return form(value.(P)) }
	return t
}

// Parse converts a text.
func (t *Type) Parse(h *source.Host, s string) (any, error) { return t.parse(h, s) }

// String describes the type in a few words.
func (t *Type) String() string { return t.name }

// Zero returns the zero value of what the parser makes.
func (t *Type) Zero() any { return t.zero }
