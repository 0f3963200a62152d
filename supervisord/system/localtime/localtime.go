package localtime

import (
	"cmp"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// maxFileSize is the most that a file with a time zone may have. Real ones have some
// thousand bytes.
const maxFileSize = 1 << 20

// zoneinfoDirs are where zoneinfo files lie unless TZDIR says it.
var zoneinfoDirs = []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}

// Load returns the zone that the variables TZ and TZDIR ask for: that of
// /etc/localtime without TZ, that of the file that TZ names, or else that which it
// describes as POSIX says. A colon before it is left out. What is neither a file
// nor a description is UTC.
func Load(lookup func(name string) (value string, set bool)) *time.Location {
	tz, set := lookup("TZ")
	if !set {
		return time.Local
	}
	tz = strings.TrimPrefix(tz, ":")
	if tz == "" {
		return time.UTC
	}
	dirs := zoneinfoDirs
	if dir, _ := lookup("TZDIR"); dir != "" {
		dirs = []string{dir}
	}
	if filepath.IsAbs(tz) {
		dirs = []string{"/"}
	}
	for _, dir := range dirs {
		if zone := fromFile(tz, filepath.Join(dir, tz)); zone != nil {
			return zone
		}
	}
	return cmp.Or(fromPOSIX(tz), time.UTC)
}

// fromFile reads a zoneinfo file; nil if it is none.
func fromFile(name, path string) *time.Location {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFileSize {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	zone, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil
	}
	return zone
}

// standardTime is the beginning of a POSIX string: the name of standard time and
// how far it is west of Greenwich.
var standardTime = regexp.MustCompile(`^(?:[A-Za-z]{3,}|<[-+A-Za-z0-9]{3,}>)[-+]?[0-9]+(?::[0-9]+){0,2}`)

// fromPOSIX makes a zone of a POSIX string such as CET-1CEST,M3.5.0,M10.5.0/3; nil
// if it is none. Like the C library it keeps to standard time if it can't use what
// follows that.
func fromPOSIX(text string) *time.Location {
	standard := standardTime.FindString(text)
	if standard == "" {
		return nil
	}
	for _, usable := range []string{text, strings.TrimSuffix(text, ","), standard} {
		if zone := parsePOSIX(usable); zone != nil {
			return zone
		}
	}
	return nil
}

// parsePOSIX has package time read a POSIX string. It does so only at the end of a
// zoneinfo file, where the string tells of the time behind the last transition; so
// the file is one without any. nil if package time can't read the string.
func parsePOSIX(text string) *time.Location {
	header := func(file []byte) []byte {
		file = append(file, "TZif2"...)
		file = append(file, make([]byte, 15)...)
		// Counts: of UT and of standard indicators, leap seconds, transitions,
		// zones, letters.
		for _, n := range []uint32{0, 0, 0, 0, 1, 1} {
			file = binary.BigEndian.AppendUint32(file, n)
		}
		return append(file, make([]byte, 6+1)...) // UTC, whose name is empty
	}
	file := header(header(nil)) // for 32 bits and for 64 bits
	file = append(file, "\n"+text+"\n"...)
	zone, err := time.LoadLocationFromTZData(text, file)
	if err != nil {
		return nil
	}
	if name, _ := time.Unix(0, 0).In(zone).Zone(); name == "" {
		return nil // the file's own zone: the string was not understood
	}
	return zone
}
