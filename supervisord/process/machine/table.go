package machine

import (
	"time"

	"supervisor/supervisord/api/states"
)

// table says what each input does in each state. An empty cell ignores the input.
//
//exhaustive:enforce
var table = map[states.Process][numKinds]func(*Machine, time.Time, Input){
	states.Stopped: {
		StartRequested: startOnRequest, AutostartRequested: startInBatch, StartDeferred: deferStart, DependencyFailed: failDependency,
		StopRequested: cancelStart, KillRequested: cancelStart, SignalRequested: refuseNotRunning,
		HookFinished: noteHookFinished,
		ChildAdopted: resumeAdopted, ExitMissed: handleMissedExit, StateRestored: restoreWithoutChild,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
	states.Starting: {
		StartRequested: refuseAlreadyStarted, BatchStarted: finishBatch,
		StopRequested: terminate, KillRequested: killChild, ShutdownRequested: terminate, SignalRequested: forwardSignal,
		ChildSpawned: handleSpawned, SpawnFailed: handleSpawnFailure, ChildExited: handleEarlyExit,
		TimerFired: handleStartTimer, SignalFailed: handleSignalFailure, HookFinished: continueStart,
		BecameReady: handleReady, ReadyProbeFailed: noteNotReady, TimeoutExtended: extendStart, Reconfigured: reconfigureStart,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
	states.Running: {
		StartRequested: refuseAlreadyStarted,
		StopRequested:  terminate, KillRequested: killChild, ShutdownRequested: terminate, SignalRequested: forwardSignal,
		ChildExited: handleExit, SignalFailed: handleSignalFailure, HookFinished: noteHookFinished,
		BecameReady: noteReady, ReadyProbeFailed: noteNotReady, HealthReported: setHealth, ReplaceRequested: replaceChild,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
	states.Backoff: {
		StartRequested: refuseAlreadyStarted,
		StopRequested:  cancelRetry, KillRequested: cancelRetry, ShutdownRequested: giveUpRetry, SignalRequested: refuseNotRunning,
		TimerFired: startChild, HookFinished: noteHookFinished,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
	states.Stopping: {
		StartRequested: startAfterStop, StartDeferred: deferStart,
		StopRequested: stopWhileStopping, KillRequested: killChild, SignalRequested: forwardSignal,
		ChildExited: handleStopExit, DescendantsExited: handleDescendantsExited,
		TimerFired: escalateStop, SignalFailed: handleSignalFailure, HookFinished: continueStop, TimeoutExtended: extendStop,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
	states.Exited: {
		StartRequested: startOnRequest, AutostartRequested: startInBatch, StartDeferred: deferStart, DependencyFailed: failDependency,
		StopRequested: cancelRestart, KillRequested: cancelRestart, SignalRequested: refuseNotRunning,
		TimerFired: startChild, HookFinished: noteHookFinished,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
	states.Fatal: {
		StartRequested: startOnRequest, AutostartRequested: startInBatch, StartDeferred: deferStart, DependencyFailed: failDependency,
		StopRequested: cancelStart, KillRequested: cancelStart, SignalRequested: refuseNotRunning,
		HookFinished:    noteHookFinished,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
	states.Unknown: {
		StartRequested: refuseUnknown,
		StopRequested:  refuseNotRunning, KillRequested: refuseNotRunning, SignalRequested: refuseNotRunning,
		ChildExited: handleExit, HookFinished: noteHookFinished,
		StartsForbidden: forbidStarts, StartsAllowed: allowStarts, ResetRequested: resetCounters,
	},
}
