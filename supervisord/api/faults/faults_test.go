package faults_test

import (
	"testing"

	"supervisor/supervisord/api/faults"
)

func TestFaultString(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"BAD_NAME: x":    faults.New(faults.BadName, "x"),
		"BAD_NAME: ":     faults.New(faults.BadName, ""),
		"SHUTDOWN_STATE": faults.Bare(faults.ShutdownState),
		"fault 5":        faults.Bare(5),
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCodeNames(t *testing.T) {
	t.Parallel()
	want := map[faults.Code]string{
		1: "UNKNOWN_METHOD", 2: "INCORRECT_PARAMETERS", 3: "BAD_ARGUMENTS", 4: "SIGNATURE_UNSUPPORTED",
		6: "SHUTDOWN_STATE", 10: "BAD_NAME", 11: "BAD_SIGNAL", 20: "NO_FILE", 21: "NOT_EXECUTABLE", 30: "FAILED",
		40: "ABNORMAL_TERMINATION", 50: "SPAWN_ERROR", 60: "ALREADY_STARTED", 70: "NOT_RUNNING", 80: "SUCCESS",
		90: "ALREADY_ADDED", 91: "STILL_RUNNING", 92: "CANT_REREAD",
	}
	for code, name := range want {
		if got := code.String(); got != name {
			t.Errorf("%d: got %s, want %s", int(code), got, name)
		}
	}
}
