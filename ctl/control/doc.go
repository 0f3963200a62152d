// Package control has the actions of supervisorctl that change something: they
// start, stop and signal processes, bring groups to a new configuration, and end
// or replace supervisord. The action wait is here too, since it usually follows
// one of them.
//
// The package owns nothing. An action runs on the goroutine of its session and
// keeps no state between calls; what takes long, such as a rolling restart, is
// done by the daemon and goes on when supervisorctl ends.
//
// The result of each process is printed in Supervisor's words, in the order in
// which the daemon reports it. The exit status follows Supervisor's rules: a later
// success does not clear that of an earlier failure.
package control
