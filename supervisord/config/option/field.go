package option

// Field finds the field that holds an option's value: it returns a pointer to the
// field for a pointer to the struct of a section, and nil for other structs.
type Field func(section any) (field any)

// FieldOf makes a Field of a function that returns a pointer to a field of a struct S.
//
// It is not inlined: the table has more than a hundred fields, and each copy would
// be a function of its own in the binary.
//
//go:noinline
func FieldOf[S any](at func(*S) any) Field {
	return func(section any) any {
		if s, ok := section.(*S); ok {
			return at(s)
		}
		return nil
	}
}
