// Package signals converts between the numbers of signals and their names.
//
// It has no goroutines and no state. The names are those of Python's signal module, which
// Supervisor writes to its log and accepts in a configuration.
package signals
