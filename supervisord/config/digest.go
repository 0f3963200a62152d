package config

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
)

// digestVersion is the first word of a digest. Digests of other versions are
// ignored.
const digestVersion = "1"

// Digest returns a short text for everything that a process is spawned with, to be
// kept in the journal: a word for each option that is set, with a checksum of its
// value. Values can't be read from it. The name of the process and its logs are not
// in it, because an adopted process can get others.
func (p *Process) Digest() string {
	options := p.spawnOptions()
	words := []string{digestVersion}
	for _, option := range slices.Sorted(maps.Keys(options)) {
		sum := sha256.Sum256([]byte(options[option]))
		words = append(words, option+":"+base64.RawStdEncoding.EncodeToString(sum[:6]))
	}
	return strings.Join(words, " ")
}

// Outdated names the options that had other values when a process with that digest
// was spawned. It is nil if that is unknown, as for "".
func (p *Process) Outdated(digest string) []string {
	was, ok := parseDigest(digest)
	if !ok {
		return nil
	}
	now := p.Digest()
	if now == digest {
		return nil // the usual case
	}
	is, _ := parseDigest(now)
	both := maps.Clone(is)
	maps.Copy(both, was)
	var list []string
	for _, option := range slices.Sorted(maps.Keys(both)) {
		if was[option] != is[option] {
			list = append(list, option)
		}
	}
	return list
}

func parseDigest(digest string) (sums map[string]string, ok bool) {
	words := strings.Fields(digest)
	if len(words) == 0 || words[0] != digestVersion {
		return nil, false
	}
	sums = make(map[string]string)
	for _, w := range words[1:] {
		option, sum, _ := strings.Cut(w, ":")
		sums[option] = sum
	}
	return sums, true
}

// spawnOptions returns the options that a process is spawned with, if they are set.
func (p *Process) spawnOptions() map[string]string {
	options := make(map[string]string)
	for _, o := range processFields {
		text := o.ValueText(p)
		if !o.Live && text != "" && text != "false" && !strings.HasPrefix(o.Name, "std") {
			options[o.Name] = text
		}
	}
	options[strings.ReplaceAll(kindOption, " ", "_")] = p.Kind.header()
	for _, part := range parts {
		if !p.Configured || part.appliedAtSpawn == nil || !part.appliedAtSpawn(&p.Policy) {
			continue
		}
		var text strings.Builder
		for _, option := range part.options() {
			text.WriteString(p.text(option) + "\x00")
		}
		text.WriteString(p.detailedText(&part))
		if strings.Trim(text.String(), "\x00") != "" {
			options[part.name] = text.String()
		}
	}
	return options
}
