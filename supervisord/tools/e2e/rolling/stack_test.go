package rolling

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

const flaskApp = `from flask import Flask, jsonify
app = Flask(__name__)

@app.route("/")
def hello():
    return "Hello World"

@app.route("/status.json")
def status():
    return jsonify(ok=True, answer=42)
`

const nginxConf = `daemon off;
pid %[1]s/nginx.pid;
error_log stderr notice;
worker_processes 1;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path %[1]s/nginx-body;
	proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-fastcgi;
	uwsgi_temp_path %[1]s/nginx-uwsgi;
	scgi_temp_path %[1]s/nginx-scgi;
	server {
		listen 127.0.0.1:%[2]d;
		location / { proxy_pass http://127.0.0.1:%[3]d; proxy_connect_timeout 60s; }
	}
}
`

// stack is a Flask application under gunicorn, behind nginx.
type stack struct {
	*e2e.Daemon
	app  string // the directory of the application
	user string // who runs gunicorn
	url  string // of nginx
	port int    // that nginx passes requests to
}

// newStack writes everything but the configuration of supervisord.
func newStack(t *testing.T) *stack {
	t.Helper()
	e2e.Need(t, "gunicorn", "nginx", "python3")
	s := &stack{Daemon: e2e.NewDaemon(t), user: "nobody", port: e2e.FreePort(t)}
	s.app = s.Path("app")
	s.Mkdir("app")
	if err := os.Chmod(s.app, 0o777); err != nil { // without the umask
		t.Fatal(err)
	}
	s.Write("app/app.py", flaskApp)
	front := e2e.FreePort(t)
	s.url = fmt.Sprintf("http://127.0.0.1:%d", front)
	s.Write("nginx.conf", fmt.Sprintf(nginxConf, s.Dir, front, s.port))
	if os.Getuid() != 0 {
		u, err := user.Current()
		if err != nil {
			t.Fatal(err)
		}
		s.user = u.Username
	}
	return s
}

// nginxSection is the section of the program nginx.
func (s *stack) nginxSection() string {
	path, err := exec.LookPath("nginx")
	if err != nil {
		s.T.Fatal(err)
	}
	return fmt.Sprintf(`
[program:nginx]
command = %s -e stderr -c %[2]s/nginx.conf -p %[2]s
priority = 1000
stopsignal = QUIT
killasgroup = true
redirect_stderr = true
stdout_logfile = %[2]s/nginx.log
`, path, s.Dir)
}

// serves reports whether nginx answers with the page of the application.
func (s *stack) serves() bool {
	body, err := e2e.Get(s.url + "/")
	return err == nil && body == "Hello World"
}
