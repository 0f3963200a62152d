package printable

import "testing"

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "",
		"as it is, ü 名 \U0001F600":        "as it is, ü 名 \U0001F600",
		"two\nlines\r\nand\ta tab":        "two\nlines\r\nand\ta tab",
		"over\rwritten":                   `over\x0dwritten`,
		"at its end\r":                    "at its end\r",
		"\x1b[31mred\x1b[0m":              `\x1b[31mred\x1b[0m`,
		"bell\a, delete\x7f, nothing\x00": `bell\x07, delete\x7f, nothing\x00`,
		"C1 \u009b31m":                    `C1 \xc2\x9b31m`,
		"no UTF-8 \xff\xc3":               `no UTF-8 \xff\xc3`,
		"replaced \ufffd":                 "replaced \ufffd",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"plain", "\x1b]0;title\a", "\u009b31m", "\xff", "a\r\nb\rc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Text(text)
		if nextUnprintable(got) >= 0 {
			t.Errorf("%q is not fit: %q", text, got)
		}
		if again := Text(got); again != got {
			t.Errorf("%q becomes %q, then %q", text, got, again)
		}
	})
}
