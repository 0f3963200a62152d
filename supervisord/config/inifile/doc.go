// Package inifile reads the files that Python's RawConfigParser reads, as it reads
// them, and merges several into one table of sections. What options mean is not
// its business.
//
// ini.v1 keeps and merges the sections; dialect.go says why it doesn't read the
// lines. Besides the values a table knows where each one stands, for those who
// must tell a user what is wrong with it.
package inifile
