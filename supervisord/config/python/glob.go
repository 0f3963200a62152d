package python

import (
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// Glob returns the paths that match a pattern by the rules of Python's glob
// module, sorted: "*", "?" and "[...]" do not match a leading dot, "[!...]" negates,
// nothing escapes. The last two are different in path/filepath.
func Glob(pattern string) []string {
	paths := globParts(pattern)
	slices.Sort(paths)
	return paths
}

func globParts(pattern string) []string {
	if !strings.ContainsAny(pattern, "*?[") {
		if _, err := os.Lstat(pattern); err != nil {
			return nil
		}
		return []string{pattern}
	}
	dir, base := Dirname(pattern), pattern[strings.LastIndexByte(pattern, '/')+1:]
	dirs := []string{dir}
	if dir != "" && dir != pattern {
		dirs = globParts(dir)
	}
	var paths []string
	for _, d := range dirs {
		for _, name := range matchIn(d, base) {
			paths = append(paths, Join(d, name))
		}
	}
	return paths
}

// matchIn lists the names in a directory that match the last part of a pattern.
func matchIn(dir, base string) []string {
	if !strings.ContainsAny(base, "*?[") {
		if _, err := os.Lstat(Join(dir, base)); err != nil || base == "" && !isDir(dir) {
			return nil
		}
		return []string{base}
	}
	if dir == "" {
		dir = "."
	}
	entries, _ := os.ReadDir(dir) // a directory that can't be listed has no matches
	var names []string
	for _, e := range entries {
		if e.Name()[0] == '.' && base[0] != '.' {
			continue
		}
		if matches(base, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// matches reports whether a whole name matches a pattern. After a mismatch it lets
// the last star match one more character; earlier stars need no second try.
func matches(pattern, name string) bool {
	var afterStar, retry string
	for star := false; ; {
		if strings.HasPrefix(pattern, "*") {
			pattern = strings.TrimLeft(pattern, "*")
			star, afterStar, retry = true, pattern, name
			continue
		}
		r, n := utf8.DecodeRuneInString(name)
		if pattern == "" && n == 0 {
			return true
		}
		if pattern != "" && n > 0 {
			if ok, rest := matchOne(pattern, r); ok {
				pattern, name = rest, name[n:]
				continue
			}
		}
		if !star || retry == "" {
			return false
		}
		_, n = utf8.DecodeRuneInString(retry)
		retry = retry[n:]
		pattern, name = afterStar, retry
	}
}

// matchOne matches the first element of a pattern with one character.
func matchOne(pattern string, r rune) (ok bool, rest string) {
	p, n := utf8.DecodeRuneInString(pattern)
	if p == '?' {
		return true, pattern[n:]
	}
	if set, rest, ok := cutSet(pattern); ok {
		return inSet(set, r), rest
	}
	return p == r, pattern[n:]
}

// cutSet cuts "[...]" from the pattern. A bracket that is never closed is an ordinary
// character; one directly after "[" or "[!" belongs to the set.
func cutSet(pattern string) (set, rest string, ok bool) {
	inner, ok := strings.CutPrefix(pattern, "[")
	if !ok {
		return "", "", false
	}
	skip := 0
	if strings.HasPrefix(inner, "!") {
		skip = 1
	}
	if strings.HasPrefix(inner[skip:], "]") {
		skip++
	}
	end := strings.IndexByte(inner[skip:], ']')
	if end < 0 {
		return "", "", false
	}
	return inner[:skip+end], inner[skip+end+1:], true
}

func inSet(set string, r rune) bool {
	set, negated := strings.CutPrefix(set, "!")
	found := false
	for chars := []rune(set); len(chars) > 0 && !found; {
		if len(chars) > 2 && chars[1] == '-' {
			found = chars[0] <= r && r <= chars[2]
			chars = chars[3:]
			continue
		}
		found = chars[0] == r
		chars = chars[1:]
	}
	return found != negated
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
