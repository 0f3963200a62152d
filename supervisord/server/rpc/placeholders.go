package rpc

import (
	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/longtext"
)

// insertPlaceholders returns a result in which each excerpt of a log, in itself or in an array, is
// the text that is to be encoded for it.
func insertPlaceholders(v any, placeholders *longtext.Placeholders) any {
	switch v := v.(type) {
	case logs.Excerpt:
		return placeholders.Add(v)
	case []any:
		replaced := make([]any, len(v))
		for i, one := range v {
			replaced[i] = insertPlaceholders(one, placeholders)
		}
		return replaced
	}
	return v
}
