package boottime

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestTime: a time keeps its age, and what the clock on the wall says of it unless that
// was set.
func TestTime(t *testing.T) {
	t.Parallel()
	if data, err := json.Marshal(struct {
		Zero    Time
		Omitted Time `json:",omitzero"`
	}{}); err != nil || string(data) != `{"Zero":{"Wall":0,"Boot":0}}` || !(recorded{}).time().IsZero() {
		t.Errorf("the zero time becomes %s (%v)", data, err)
	}
	const exact = time.Millisecond
	when := time.Now().Add(-time.Hour)
	data, err := json.Marshal(At(when))
	if err != nil {
		t.Fatal(err)
	}
	var got Time
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if off := got.Sub(when).Abs(); off > exact || got.UnixNano() != when.UnixNano() {
		t.Errorf("off by %s, by the wall %d", off, got.UnixNano()-when.UnixNano())
	}
	spaced := Time{}
	if err := json.Unmarshal([]byte(strings.NewReplacer(":", " : ", ",", " , ").Replace(string(data))), &spaced); err != nil || spaced.UnixNano() != when.UnixNano() {
		t.Errorf("with spaces it is %s (%v)", spaced, err)
	}
	if err := json.Unmarshal([]byte(`{"Wall":"x","Boot":1}`), &spaced); err == nil {
		t.Error("a time without numbers is accepted")
	}
	r, ok := parse(string(data))
	if !ok {
		t.Fatalf("%s is not parsed", data)
	}
	r.Wall += int64(3 * time.Hour)
	if off := r.time().Sub(when).Abs(); off > exact {
		t.Errorf("with a clock that was set: off by %s", off)
	}
}
