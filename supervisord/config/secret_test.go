package config

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
