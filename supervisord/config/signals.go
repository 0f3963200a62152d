package config

import (
	"strings"
	"syscall"
)

// The bounds of the real-time signals as Python knows them; those in between
// have no names and cannot be configured.
const (
	sigRTMin = 34
	sigRTMax = 64
)

// signalNames are the names that the signals of Linux may be configured by.
var signalNames = []struct {
	number syscall.Signal
	names  string
}{
	{1, "HUP"},
	{2, "INT"},
	{3, "QUIT"},
	{4, "ILL"},
	{5, "TRAP"},
	{6, "ABRT IOT"},
	{7, "BUS"},
	{8, "FPE"},
	{9, "KILL"},
	{10, "USR1"},
	{11, "SEGV"},
	{12, "USR2"},
	{13, "PIPE"},
	{14, "ALRM"},
	{15, "TERM"},
	{16, "STKFLT"},
	{17, "CHLD CLD"},
	{18, "CONT"},
	{19, "STOP"},
	{20, "TSTP"},
	{21, "TTIN"},
	{22, "TTOU"},
	{23, "URG"},
	{24, "XCPU"},
	{25, "XFSZ"},
	{26, "VTALRM"},
	{27, "PROF"},
	{28, "WINCH"},
	{29, "POLL IO"},
	{30, "PWR"},
	{31, "SYS"},
	{sigRTMin, "RTMIN"},
	{sigRTMax, "RTMAX"},
}

// ParseSignal reads a signal as stopsignal= and the signal commands take it: a
// number or a name, with or without SIG, in upper or lower case.
func ParseSignal(s string) (syscall.Signal, error) { return stopSignal(s) }

// signalNumber finds a signal by its name in capitals, with or without SIG.
func signalNumber(name string) (syscall.Signal, bool) {
	name = strings.TrimPrefix(name, "SIG")
	for _, s := range signalNames {
		for n := range strings.FieldsSeq(s.names) {
			if n == name {
				return s.number, true
			}
		}
	}
	return 0, false
}
