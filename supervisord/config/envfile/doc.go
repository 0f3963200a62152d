// Package envfile reads files of environment variables for env_file=, in the syntax
// of systemd's EnvironmentFile=. A line is NAME=value. Blank lines, and lines that
// begin with # or ;, are ignored. A value may be quoted, wholly or in parts; a
// backslash at the end of a line joins it with the next one. Nothing is expanded. A
// NAME alone gets the daemon's value, and is left out if the daemon has none.
//
// A file is read as it is at that moment. The package keeps nothing and has no
// goroutines. A read blocks only as long as a regular file can block.
//
// Where systemd and Docker's --env-file differ, systemd is followed: Docker takes
// quotes, backslashes and ; for ordinary characters. The NAME alone and names with
// dots and dashes are Docker's. What systemd ignores silently is an error here, with
// file and line: an invalid name, an open quote, bytes that are not text.
package envfile
