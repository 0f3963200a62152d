package config

import "testing"

func TestFCGIAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"fcgi://127.0.0.1:9000":        {"127.0.0.1:9000", "/ping"},
		"fcgi://127.0.0.1:9000/":       {"127.0.0.1:9000", "/"},
		"fcgi://[::1]:9000/status?x":   {"[::1]:9000", "/status?x"},
		"fcgi:///run/php.sock":         {"/run/php.sock", "/ping"},
		"fcgi:///run/php.sock/up":      {"/run/php.sock", "/up"},
		"fcgi:///run/php.socket/":      {"/run/php.socket", "/"},
		"fcgi:///run/listening/socket": {"/run/listening/socket", "/ping"},
	} {
		p, err := readyProbe(text)
		if got := [2]string{p.Address, p.Path}; err != nil || got != want {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
	}
}
