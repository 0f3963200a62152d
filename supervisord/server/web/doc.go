// Package web serves Supervisor's web pages: the status page with its actions, the
// tail page, the health check, and the files that belong to them. Texts, classes,
// links and addresses of the pages are Supervisor's, because programs parse them; the
// layout is not. The pages are well-formed XML, work without scripts and load nothing
// from other servers.
//
// The package starts no goroutine and keeps no state between requests. A request
// finds its page in a table of routes. The page makes a view, a struct that knows
// nothing of HTML, and a template renders it. Templates are parsed at the first
// request, so a daemon whose pages are never used spends nothing on them.
//
// Changes are made by POST, and only if no page of another site made the browser send
// it. Scripts written for Supervisor use GET. A GET is obeyed where no browser can
// have been tricked into it: on unix sockets, and where the configuration says
// get_actions. Elsewhere it is answered by a page that asks for confirmation, whose
// button sends the POST. The answer to an action comes when the action is complete,
// however long that takes.
package web
