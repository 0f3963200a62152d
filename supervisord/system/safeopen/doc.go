// Package safeopen opens files for root in directories that other users can write to.
//
// A user who may write to the directory of a log can replace the log by a link, and root would
// write to, or truncate, the target. So for root the last link of a path is followed only if no
// other user can have made it: only root can write to its directory, or root owns the link. A
// file with several names is refused in directories of others.
//
// The directories of a path are used as configured: the owner of one of them decides where the
// rest leads. A process that is not root opens files normally: other users can't make it do
// what they can't do themselves.
//
// The package has no goroutines and no state.
package safeopen
