// Package inifile reads files by the rules of Python's RawConfigParser and merges
// several of them into one table of sections. It does not know what options mean.
//
// A Table belongs to one goroutine.
//
// ini.v1 keeps and merges the sections; parser.go says why it does not read the
// lines. Besides the values a table has the position of each option, for error texts.
package inifile
