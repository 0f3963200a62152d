// Package config turns Supervisor's configuration files into validated,
// immutable structs. One table of options says everything there is to say of
// an option; the parser, the error texts, the help and the documentation are
// drawn from it.
//
// It starts nothing and touches nothing but the files that it reads. What it
// returns is never changed afterwards, so it may be shared by all goroutines.
package config
