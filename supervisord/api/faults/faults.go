package faults

import "fmt"

// Code is the number of a fault, as it appears in faultCode.
type Code int

// The faults of Supervisor's XML-RPC interface. There is no 5.
const (
	UnknownMethod        Code = 1
	IncorrectParameters  Code = 2
	BadArguments         Code = 3
	SignatureUnsupported Code = 4
	ShutdownState        Code = 6
	BadName              Code = 10
	BadSignal            Code = 11
	NoFile               Code = 20
	NotExecutable        Code = 21
	Failed               Code = 30
	AbnormalTermination  Code = 40
	SpawnError           Code = 50
	AlreadyStarted       Code = 60
	NotRunning           Code = 70
	Success              Code = 80 // a status in group results, never a fault
	AlreadyAdded         Code = 90
	StillRunning         Code = 91
	CantReread           Code = 92
	NotInWhitelist       Code = 230 // of supervisor_twiddler
)

var names = map[Code]string{
	UnknownMethod:        "UNKNOWN_METHOD",
	IncorrectParameters:  "INCORRECT_PARAMETERS",
	BadArguments:         "BAD_ARGUMENTS",
	SignatureUnsupported: "SIGNATURE_UNSUPPORTED",
	ShutdownState:        "SHUTDOWN_STATE",
	BadName:              "BAD_NAME",
	BadSignal:            "BAD_SIGNAL",
	NoFile:               "NO_FILE",
	NotExecutable:        "NOT_EXECUTABLE",
	Failed:               "FAILED",
	AbnormalTermination:  "ABNORMAL_TERMINATION",
	SpawnError:           "SPAWN_ERROR",
	AlreadyStarted:       "ALREADY_STARTED",
	NotRunning:           "NOT_RUNNING",
	Success:              "SUCCESS",
	AlreadyAdded:         "ALREADY_ADDED",
	StillRunning:         "STILL_RUNNING",
	CantReread:           "CANT_REREAD",
	NotInWhitelist:       "UNKNOWN", // Supervisor's name for codes that are not its own
}

// String returns the name that begins a faultString.
func (c Code) String() string {
	if n, ok := names[c]; ok {
		return n
	}
	return fmt.Sprintf("fault %d", int(c))
}

// Error is a failure that a caller gets as an XML-RPC fault.
type Error struct {
	Code   Code
	Detail string // what follows the name

	bare bool // the name has no colon and no detail
}

// New makes a fault with a detail. Even an empty detail follows a colon.
func New(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// Bare makes a fault that has only its name.
func Bare(code Code) *Error { return &Error{Code: code, bare: true} }

// Error returns the faultString: the name, a colon and the detail.
func (e *Error) Error() string {
	if e.bare {
		return e.Code.String()
	}
	return e.Code.String() + ": " + e.Detail
}
