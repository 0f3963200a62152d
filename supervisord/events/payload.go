package events

import (
	"fmt"
	"strconv"
	"strings"

	"supervisor/supervisord/api/states"
)

// Change is a change of a process's state, as in its event.
type Change struct {
	Process, Group string
	From, To       states.Process
	Tries          int  // of STARTING and BACKOFF
	PID            int  // of RUNNING, STOPPING, STOPPED and EXITED
	Expected       bool // of EXITED
}

// Type returns the type of the change's event.
func (c Change) Type() Type { return ProcessState + "_" + Type(c.To.String()) }

// Payload renders the change.
func (c Change) Payload() string {
	text := fmt.Sprintf("processname:%s groupname:%s from_state:%s", c.Process, c.Group, c.From)
	switch c.To {
	case states.Starting, states.Backoff:
		text += " tries:" + strconv.Itoa(c.Tries)
	case states.Running, states.Stopping, states.Stopped:
		text += " pid:" + strconv.Itoa(c.PID)
	case states.Exited:
		expected := 0
		if c.Expected {
			expected = 1
		}
		text += fmt.Sprintf(" expected:%d pid:%d", expected, c.PID)
	}
	return text
}

// LogPayload renders a piece of output of a process.
func LogPayload(process, group string, pid int, channel string, data []byte) string {
	return fmt.Sprintf("processname:%s groupname:%s pid:%d channel:%s\n%s", process, group, pid, channel, data)
}

// CommunicationPayload renders what a process wrote between capture tokens.
func CommunicationPayload(process, group string, pid int, data []byte) string {
	return fmt.Sprintf("processname:%s groupname:%s pid:%d\n%s", process, group, pid, data)
}

// RemotePayload renders an event that a client sent by sendRemoteCommEvent.
func RemotePayload(kind, data string) string { return "type:" + kind + "\n" + data }

// GroupPayload renders the addition or removal of a group. Unlike all others it ends
// in a newline, as in Supervisor.
func GroupPayload(group string) string { return "groupname:" + group + "\n" }

// TickPayload renders a tick; when is in seconds since the epoch.
func TickPayload(when int64) string { return "when:" + strconv.FormatInt(when, 10) }

// Fields parses the first line of a payload: words of the form name:value. The value
// of type in a RemotePayload may hold colons.
func Fields(head string) map[string]string {
	fields := make(map[string]string)
	for _, word := range strings.Fields(head) {
		if name, value, ok := strings.Cut(word, ":"); ok {
			fields[name] = value
		}
	}
	return fields
}
