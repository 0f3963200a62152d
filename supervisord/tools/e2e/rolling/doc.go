// Package rolling tests rolling restarts, updates and scaling, and real web stacks
// (gunicorn behind nginx) whose programs and daemon are replaced under load.
package rolling
