package option

import "testing"

func TestLooksSecret(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"DB_PASSWORD": true, "PGPASSWORD": true, "passwd": true, "MYSQL_PWD": true, "API_TOKEN": true, "GITHUBTOKEN": true,
		"AWS_SECRET_ACCESS_KEY": true, "APP_KEY": true, "STRIPE.API-KEY": true, "client_secret": true, "SENTRY_DSN": true,
		"SESSION_COOKIE": true, "BASIC_AUTH": true,
		"PWD": false, "OLDPWD": false, "PATH": false, "KEYBOARD": false, "MONKEY": false, "LANG": false, "AUTHOR": false,
		"COMPASS": false, "": false, "DB_HOST": false,
	} {
		if got := LooksSecret(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, value, want string
		masked            bool
	}{
		{"API_KEY", "abc", "********", true},
		{"API_KEY", "", "", false},
		{"HOME", "/root", "/root", false},
		{"DATABASE_URL", "postgres://app:s3cret@db:5432/app?x=y@z", "postgres://app:********@db:5432/app?x=y@z", true},
		{"REDIS_URL", "redis://:s3c@ret@cache", "redis://:********@cache", true},
		{"URL", "http://localhost:80/a@b:c", "http://localhost:80/a@b:c", false},
		{"URL", "http://me@host:80", "http://me@host:80", false},
		{"URL", "http://me:@host", "http://me:@host", false},
	} {
		if got, masked := Mask(tt.name, tt.value); got != tt.want || masked != tt.masked {
			t.Errorf("%s=%s: got %q, %v", tt.name, tt.value, got, masked)
		}
	}
}
