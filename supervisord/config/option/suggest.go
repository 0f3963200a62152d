package option

import (
	"fmt"
	"strings"
)

// Suggest returns ", did you mean x?" with the candidate that takes the fewest edits,
// or "" if even that takes many.
func Suggest(word string, candidates []string) string {
	word, _, _ = strings.Cut(word, ":")
	best, bestDistance := "", 1+len(word)/3
	for _, c := range candidates {
		bare, _, _ := strings.Cut(c, ":")
		if d := distance(word, bare); d <= bestDistance {
			if best == "" || d < bestDistance {
				best, bestDistance = c, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %s?", best)
}

// distance counts the insertions, deletions and replacements of bytes that turn a
// into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// JoinOr lists words: "a, b or c".
func JoinOr(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
