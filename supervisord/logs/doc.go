// Package logs writes what programs and the daemon itself have to say, and
// reads it back.
//
// A [Stream] takes one output channel of one process from its pipe to where it
// belongs: a rotated [File], syslog, the events and, at debug level, the main
// log. It strips escape sequences and cuts out what a program sends between the
// capture tokens. [Main] is the daemon's own log: a [log/slog.Handler] in
// Supervisor's line format. [Read], [Tail] and [Follow] serve the log
// functions of the XML-RPC interface and of the HTTP server; [AutoName] and
// [CleanAuto] manage the generated files of childlogdir.
//
// The package starts no goroutine. All types may be used from several
// goroutines; no lock is held while a callback of theirs runs, so a callback
// may log and may call back.
//
// # Promises
//
// Every byte handed to a Stream or File is given to the kernel before the call
// returns; nothing is buffered, so a crash of the daemon loses none of it. The
// two exceptions are the text that may still become a capture token or an
// escape sequence, which Stream.Flush gives up at the end of the output, and a
// capture in progress, which is dropped.
//
// Trouble never reaches the writer: a full disk, a missing syslog daemon or a
// FIFO that nobody reads loses the bytes, counts them, and reports the outage
// once when it begins and once when it ends ([OutageError]). Only a reader that
// is there and slow slows its writer down, as a pipe does.
//
// Files are always opened in append mode, so that somebody else may truncate
// them and two processes may share one. Only regular files are ever rotated,
// unlinked or truncated: not pipes, terminals or devices, and not the names
// that stand for the daemon's own descriptors, such as /dev/stdout.
package logs
