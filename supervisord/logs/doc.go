// Package logs writes the output of programs and the daemon's own log, and reads
// them back.
//
// A [Stream] takes one output channel of one process from its pipe to its
// destinations: a rotated [File], syslog, events and, at debug level, the main log.
// It strips escape sequences and cuts out what a program writes between the capture
// tokens. [Main] is the daemon's own log: a [log/slog.Handler] in Supervisor's line
// format. [Read], [Tail] and [Follow] serve the log functions of XML-RPC and of the
// HTTP server; [AutoName] and [CleanAuto] manage the generated files of childlogdir.
//
// The package starts no goroutine. All types may be used from several goroutines. No
// lock is held while a callback runs, so a callback may log and may call back.
//
// # Promises
//
// Every byte passed to a Stream or File is written to the kernel before the call
// returns. Nothing is buffered, so a crash of the daemon loses nothing. There are two
// exceptions: text that may still become a capture token or an escape sequence, which
// Stream.Flush writes at the end of the output, and an unfinished capture, which is
// dropped.
//
// The writer never sees errors: a full disk, a missing syslog daemon or a FIFO without
// a reader loses the bytes, counts them, and reports the outage when it begins and when
// it ends ([OutageError]). Only a slow reader slows its writer down, as a pipe does.
//
// Files are always opened in append mode, so that others may truncate them and two
// processes may share one. Only regular files are ever rotated, unlinked or truncated:
// not pipes, terminals or devices, and not the names of the daemon's own descriptors,
// such as /dev/stdout.
package logs
