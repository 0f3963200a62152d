// Package signals names signals as Supervisor does, in its log and wherever a
// configuration is shown.
package signals
