// Package ctlconf reads what supervisorctl needs of a configuration file: the
// section [supervisorctl] and the names of its plug-ins. It does not depend on
// package config, so supervisorctl links nothing of the daemon's options.
//
// The package starts nothing and keeps nothing.
//
// It reads the main file only: supervisorctl includes no further files. A file
// without the section is an error, no file at all is not.
package ctlconf
