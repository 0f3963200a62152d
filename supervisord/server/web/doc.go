// Package web serves Supervisor's web pages: the status page with its actions,
// the tail page, the health check, and the files that go with them.
//
// What the pages tell, their classes, links and addresses are Supervisor's,
// because programs read them; how they look is not. They are well-formed XML,
// work without scripts and load nothing from elsewhere.
//
// A request finds its page in a table of routes. A page makes a view, which is
// all that is to be shown and knows nothing of HTML, and a template shows it.
// Templates are parsed when the first page is asked for: a daemon whose pages
// nobody looks at spends nothing on them.
//
// What changes something is done by POST and only if no page of another site
// has made the browser send it. Scripts do it by GET, as Supervisor has them
// do. That is obeyed where it can't have been a browser that was tricked: on
// unix sockets, or where the configuration says get_actions. Elsewhere a GET
// is answered with a page that asks, and whose button sends the POST.
//
// The answer to an action comes when the action is complete, as long as that
// may take. Nothing here starts goroutines or keeps state between requests.
package web
