package option

import "slices"

// Field is where the value of an option is kept: a field, or several, of the
// struct of its section. A section is a pointer to such a struct.
type Field interface {
	// Of reports whether the field is one of that section's struct.
	Of(section any) bool
	// Set stores a value that the option's type has made.
	Set(section, value any)
	// Get returns the value in the form that the option's type prints.
	Get(section any) any
	// Equal reports whether two sections have equal values.
	Equal(a, b any) bool
}

// field implements Field for structs S, parsed values V and printed values P.
type field[S, V, P any] struct {
	set   func(*S, V)
	get   func(*S) P
	equal func(a, b *S) bool
}

// At is the field that holds exactly what the option's type makes.
func At[S any, V comparable](at func(*S) *V) Field {
	return field[S, V, V]{
		set:   func(s *S, v V) { *at(s) = v },
		get:   func(s *S) V { return *at(s) },
		equal: func(a, b *S) bool { return *at(a) == *at(b) },
	}
}

// AtList is At for a list.
func AtList[S any, E comparable](at func(*S) *[]E) Field {
	return field[S, []E, []E]{
		set:   func(s *S, v []E) { *at(s) = v },
		get:   func(s *S) []E { return *at(s) },
		equal: func(a, b *S) bool { return slices.Equal(*at(a), *at(b)) },
	}
}

// AtSet is AtList for a list in which the order does not count. It is printed in
// alphabetical order.
func AtSet[S any](at func(*S) *[]string) Field {
	sorted := func(s *S) []string { return slices.Sorted(slices.Values(*at(s))) }
	return field[S, []string, []string]{
		set:   func(s *S, v []string) { *at(s) = v },
		get:   sorted,
		equal: func(a, b *S) bool { return slices.Equal(sorted(a), sorted(b)) },
	}
}

// In is a field for a value that is stored or printed in another form than the
// one that the option's type makes.
func In[S, V any, P comparable](set func(*S, V), get func(*S) P) Field {
	return field[S, V, P]{set: set, get: get, equal: func(a, b *S) bool { return get(a) == get(b) }}
}

// InFunc is In for values that equal compares.
func InFunc[S, V, P any](set func(*S, V), get func(*S) P, equal func(a, b P) bool) Field {
	return field[S, V, P]{set: set, get: get, equal: func(a, b *S) bool { return equal(get(a), get(b)) }}
}

// Stored is a field whose value is compared by other code, if at all.
func Stored[S, V any](set func(*S, V)) Field {
	return field[S, V, any]{set: set, get: func(*S) any { return nil }, equal: func(a, b *S) bool { return true }}
}

// Derived is a field that other code sets, from this option and from others. Set
// must not be called.
func Derived[S any, P comparable](get func(*S) P) Field {
	return field[S, struct{}, P]{get: get, equal: func(a, b *S) bool { return get(a) == get(b) }}
}

func (f field[S, V, P]) Of(section any) bool {
	_, ok := section.(*S)
	return ok
}

func (f field[S, V, P]) Set(section, value any) { f.set(section.(*S), value.(V)) }
func (f field[S, V, P]) Get(section any) any    { return f.get(section.(*S)) }
func (f field[S, V, P]) Equal(a, b any) bool    { return f.equal(a.(*S), b.(*S)) }
