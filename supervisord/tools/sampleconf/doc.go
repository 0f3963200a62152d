// Package sampleconf writes a configuration to begin with: the few options
// that a daemon needs, and as comments all others, with their defaults.
//
// What there is to say of an option comes from config's table of options, so
// that a new option is in the sample too. Only what the table can't know
// stands here: the order of the sections, which options are set, and examples
// for those without a default.
package sampleconf
