// Package launch works out what the children of a process are spawned with: the
// file and the words of a command, the environment, directory, umask and user, and
// what others provide.
//
// It has no goroutines and keeps nothing between two calls: a Program is plain
// data, and its methods may be called from anywhere. Files (env_file, the users,
// the command itself) are read on each call, because they may have changed since
// the last spawn.
//
// The texts of its errors are Supervisor's where Supervisor has one: they end up as
// the spawn error of the process.
package launch
