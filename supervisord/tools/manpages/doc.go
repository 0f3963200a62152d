// Package manpages writes the manual pages supervisord(8), supervisorctl(1) and
// supervisord.conf(5) in docs/man: from the table of options, the table of actions, and a
// frame of prose.
//
// The package has no state. Only its own test uses it, which compares the pages with those
// in docs/man, and writes them anew with -update.
//
// What a table says is said nowhere else, so a new option or action is in the manual as
// soon as it has a row.
package manpages
