// Package chaos tests the daemon as it is shipped, with hundreds of real programs that
// write numbered lines. It kills, stops, reloads, updates and upgrades at random. In
// the end no line may be lost, and no process, descriptor or file may be left.
//
// It has only tests. SUPERVISOR_CHAOS_MINUTES is for how long they run, and
// SUPERVISOR_CHAOS_SEED the first seed. Each minute has its own seed, which is
// printed. The seed decides on the order of actions; their effect depends on timing,
// so a failing seed may have to be tried more than once.
//
// One goroutine chooses the actions. Others run those that take long, clients, and the
// reaper, which is the parent of all orphans.
package chaos
