package rpc

import (
	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/longtext"
)

// place returns a result in which each excerpt of a log, in itself or in an array, is
// the text that is to be encoded for it.
func place(v any, places *longtext.Places) any {
	switch v := v.(type) {
	case logs.Excerpt:
		return places.Put(v)
	case []any:
		placed := make([]any, len(v))
		for i, one := range v {
			placed[i] = place(one, places)
		}
		return placed
	}
	return v
}
