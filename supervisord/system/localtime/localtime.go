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

// maxFileSize is how many bytes a zoneinfo file may have. Real ones have a few thousand.
const maxFileSize = 1 << 20

// zoneinfoDirs are the directories of zoneinfo files if TZDIR is not set.
var zoneinfoDirs = []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}

// Load returns the zone that the variables TZ and TZDIR select. Without TZ that is the zone of
// /etc/localtime. Otherwise it is the zone of the file that TZ names, or that of the POSIX
// string in TZ, and UTC if TZ is neither. A leading colon is ignored.
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

// fromFile reads a zoneinfo file. It returns nil if the file is none.
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

// standardTime matches the beginning of a POSIX string: the name of standard time and its
// offset west of Greenwich.
var standardTime = regexp.MustCompile(`^(?:[A-Za-z]{3,}|<[-+A-Za-z0-9]{3,}>)[-+]?[0-9]+(?::[0-9]+){0,2}`)

// fromPOSIX returns the zone of a POSIX string such as CET-1CEST,M3.5.0,M10.5.0/3, nil for any
// other text. Like the C library it uses only standard time if the rest is invalid.
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

// parsePOSIX lets package time parse a POSIX string. Package time does that only at the end of a
// zoneinfo file, where the string describes the time after the last transition. So parsePOSIX
// makes a file without transitions. It returns nil if package time can't parse the string.
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
