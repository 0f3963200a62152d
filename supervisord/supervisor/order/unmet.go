package order

import (
	"slices"
	"strings"
)

// Unmet is something that a start still waits for.
type Unmet struct {
	What   string // as the status shows it: db:ready, tcp://db:3306
	Detail string // where the other process is, or what the last probe said
	// Message is Detail as a clause of the answer to a request for the start.
	Message string
	// TimeoutReason says that it was not there in time, without the time.
	TimeoutReason string
	Hard          bool // the process is not started without it
	Unreachable   bool // it will not be met unless somebody acts
}

// UnmetProbe is a thing outside that has not answered, with what the last probe said.
func UnmetProbe(text, failure string) *Unmet {
	return &Unmet{What: text, Detail: failure, TimeoutReason: text + " was not there", Hard: true}
}

// Join lists what is unmet as the status shows it.
func Join(list []*Unmet) string {
	names := make([]string, len(list))
	for i, u := range list {
		names[i] = u.What
	}
	return strings.Join(slices.Compact(names), ", ")
}

// AllUnmet returns the dependencies of a process that are not met.
func (g *Graph[P]) AllUnmet(p P) []*Unmet {
	var list []*Unmet
	for _, d := range g.dependencies[p] {
		if u := g.Unmet(d); u != nil {
			list = append(list, u)
		}
	}
	return list
}

// Unmet returns why a dependency is not met, nil if it is.
func (g *Graph[P]) Unmet(d *Dependency[P]) *Unmet { return g.unmet(d, make(map[P]bool)) }

// unmet is Unmet for a caller that has followed some processes already: processes that
// are in no file may wait for one another.
func (g *Graph[P]) unmet(d *Dependency[P], seen map[P]bool) *Unmet {
	if len(d.On) == 0 {
		detail := d.Name + " is not in use"
		return &Unmet{What: d.String(), Detail: detail, Message: "and " + detail, TimeoutReason: d.Name + " was not in use", Hard: !d.Soft, Unreachable: true}
	}
	for _, p := range d.On {
		conf, st := p.CurrentConfig(), p.Status()
		if IsMet(d.Condition, conf, st) {
			continue
		}
		detail := describe(p.FullName(), st)
		u := &Unmet{
			What: d.String(), Detail: detail, Message: "and " + detail, TimeoutReason: p.FullName() + " " + notMet(d.Condition),
			Hard: !d.Soft, Unreachable: isUnreachable(d.Condition, conf, st),
		}
		if st.WaitingFor != "" && !seen[p] {
			seen[p] = true
			g.followWaiting(u, p, seen)
		}
		return u
	}
	return nil
}

// followWaiting marks u as unreachable if the process that it waits for waits itself
// for something unreachable.
func (g *Graph[P]) followWaiting(u *Unmet, p P, seen map[P]bool) {
	for _, d := range g.dependencies[p] {
		if deeper := g.unmet(d, seen); deeper != nil && deeper.Hard && deeper.Unreachable {
			u.Unreachable, u.Message = true, "which needs "+deeper.What+", "+deeper.Message
			return
		}
	}
}
