package supervisord

import (
	"supervisor/supervisord/namespec"
	"supervisor/supervisord/sockets"
)

// sockets are those of [socket:x] that are open already: handed over, or in the
// hands of children that have outlived an earlier daemon. They are looked for
// before anybody is born, who would have them bound anew.
func (l *life) sockets(e *estate) *sockets.Set {
	var inherited []sockets.Bequest
	if l.heritage != nil {
		inherited = l.heritage.Sockets
	}
	set := sockets.New(l.log, inherited)
	for _, g := range l.conf.Groups {
		for _, p := range g.Processes {
			if left := e.left[namespec.Join(p.Group, p.Name)]; left != nil && len(p.Listen) > 0 && left.Child.IsAlive() {
				set.Recover(p.Listen, left.Child.PID)
			}
		}
	}
	return set
}
