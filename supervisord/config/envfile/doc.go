// Package envfile reads files of variables, as env_file= names them: the syntax
// of systemd's EnvironmentFile=, which is that of Docker's --env-file too as far
// as the two agree.
//
// A line is NAME=value. Blank lines, and lines that begin with # or ;, say
// nothing. A value may be quoted, wholly or in parts; a backslash before the end
// of a line joins it with the next one. Nothing is expanded. A NAME alone takes
// the value that the daemon has, and is left out if it has none.
//
// What systemd passes over in silence is an error here, with file and line: a
// name that can't be one, a quote that nothing closes, bytes that are no text.
//
// Where the two differ, systemd is followed: Docker takes quotes, backslashes and
// ; for ordinary characters. From Docker come the NAME alone and names with dots
// and dashes.
//
// A file is read as it is at that moment. Nothing is kept, nothing runs in the
// background; a read blocks only as long as a regular file can block.
package envfile
