//go:build !linux

package daemon

// lockNames takes none on this system: all who share a pidfile count as the same.
func (p *Pidfile) lockNames([]string) (holder int, taken bool) { return 0, false }

func (p *Pidfile) otherLockHolder() int { return 0 }
