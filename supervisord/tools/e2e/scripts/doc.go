// Package scripts tests the command lines. The sessions in testdata/script are what
// a user types and what the programs answer, one behaviour each.
package scripts
