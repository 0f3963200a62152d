// Package action describes what people type at supervisorctl: the name of each
// action, its help, its flags and arguments, and what its words are completed
// to. It splits a line into action and arguments, checks the flags, and says
// which flag was probably meant by one that does not exist.
//
// The package owns nothing: no goroutine, no connection, no output. What an
// action does is not described here; package session adds a function to each
// Spec.
//
// A flag that an action does not have is an error of Parse, which comes before
// anything is sent. A word with a hyphen is never taken for a name unless it
// stands behind "--".
package action
