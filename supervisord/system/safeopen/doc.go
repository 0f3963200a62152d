// Package safeopen opens files for root in directories that are not root's
// alone.
//
// Somebody who may write to the directory of a log can put a link in the log's
// place, and root would write to, or truncate, whatever it leads to. So the
// last link of a path is followed only if nobody else can have put it there:
// its directory is root's and nobody else's to write to, or the link itself is
// root's. A file with several names is refused in directories of others.
//
// Directories on the way are taken as they are configured; whoever owns one of
// them decides where the rest leads. A process that is not root opens files as
// ever: it can't be made to do what the others can't do themselves.
package safeopen
