// Package chaos tests the daemon as it is: hundreds of real programs that write
// numbered lines, while the programs, the daemon and its configuration are
// struck at random. In the end every line has to be accounted for, and every
// process, descriptor and file.
//
// It has nothing but tests. SUPERVISOR_CHAOS_MINUTES says for how long,
// SUPERVISOR_CHAOS_SEED from which seed on: each minute has its own, which is
// printed. The seed decides what is done in which order; what it hits depends
// on the moment, so a failing seed may have to be tried more than once.
package chaos
