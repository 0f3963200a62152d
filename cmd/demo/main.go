// Demo is a program to supervise. "demo web" is a small app server; several of them
// share a port, like the workers of gunicorn. "demo worker" is a queue worker that
// crashes now and then. The repository's supervisord.conf runs both.
package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"
)

func main() {
	app := &cli.App{
		Name:  "demo",
		Usage: "a program to supervise",
		Commands: []*cli.Command{
			{
				Name:  "web",
				Usage: "serve a page and a JSON document; several may share an address",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8000", Usage: "`ADDRESS` to serve on"},
				},
				Action: func(c *cli.Context) error { return runWeb(c.Context, c.String("listen")) },
			},
			{
				Name:  "worker",
				Usage: "process an endless queue, and crash every few jobs",
				Flags: []cli.Flag{
					&cli.DurationFlag{Name: "job", Value: defaultJobTime, Usage: "`TIME` that a job takes"},
					&cli.IntFlag{Name: "crash-after", Value: 20, Usage: "crash after `N` jobs on average, 0 for never"},
				},
				Action: func(c *cli.Context) error { return runWorker(c.Context, c.Duration("job"), c.Int("crash-after")) },
			},
		},
	}
	if err := app.Run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
