/* A minimal supervisor, which shows what the kernel alone takes, and the program that
 * all supervisors run. It is built twice, as "floor" and as "child", so that the
 * executable of a process tells which of the two it is.
 *
 *   child launch:FILE PROG ARG...     records the time and becomes PROG
 *   child sleep:FILE:ID               records the time of its start and sleeps
 *   child exit:FILE:ID                records it and exits
 *   child write:FILE:ID:BYTES:CHUNK   records it, stops itself, and when continued
 *                                     writes lines of 100 bytes, CHUNK at once
 *   floor supervise N MODE FILE SOCK ONE ALL
 *        starts N children "MODE:FILE:ID" from four threads, restarts those that end,
 *        and answers on SOCK with the bytes in the files ONE and ALL
 *   floor log MODE OUT splice|gather  the output of one child into the file OUT;
 *                                     "gather" sleeps, then reads and copies
 *   floor ask SOCK FILE               sends FILE and reads until the end
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 100, MAXLINES = 1024, MAXPID = 1 << 22, THREADS = 4 };

static char child[4096]; /* path of the program */

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void note(const char *file, uint64_t t, uint32_t id)
{
	struct { uint64_t t; uint32_t id, pid; } record = { t, id, (uint32_t)getpid() };
	int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, &record, sizeof record) != sizeof record)
		_exit(3);
	close(fd);
}

static int write_lines(long bytes, long chunk)
{
	static char lines[MAXLINES * LINE];
	long left = bytes / LINE;
	for (int i = 0; i < MAXLINES * LINE; i++)
		lines[i] = i % LINE == LINE - 1 ? '\n' : 'a' + i % 23;
	while (left > 0) {
		size_t n = LINE * (left < chunk ? left : chunk);
		for (size_t done = 0; done < n;) {
			ssize_t w = write(1, lines + done, n - done);
			if (w <= 0)
				return 3;
			done += w;
		}
		left -= n / LINE;
	}
	return 0;
}

static int be_child(char *what, char **argv)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	uint64_t t = ts.tv_sec * 1000000000ull + ts.tv_nsec;
	char *mode = strtok(what, ":"), *file = strtok(NULL, ":"), *id = strtok(NULL, ":");
	if (!strcmp(mode, "launch")) {
		note(file, t, UINT32_MAX);
		execvp(argv[2], argv + 2);
		fail(argv[2]);
	}
	note(file, t, atoi(id));
	if (!strcmp(mode, "exit"))
		return 1;
	if (!strcmp(mode, "write")) {
		char *bytes = strtok(NULL, ":"), *chunk = strtok(NULL, ":");
		raise(SIGSTOP);
		if (write_lines(atol(bytes), atol(chunk)))
			return 3;
	}
	for (;;)
		pause();
}

/* spawn returns the pid of a child whose stdout is out. */
static pid_t spawn(char *what, int out)
{
	char *argv[] = { child, what, NULL };
	pid_t pid = vfork();
	if (pid == 0) {
		if (out >= 0)
			dup2(out, 1);
		execv(child, argv);
		_exit(127);
	}
	return pid;
}

static int count;
static char (*what)[512];
static pid_t *pids;
static int *ids; /* indexed by pid; the id plus one */

static void start(int i)
{
	pid_t pid = spawn(what[i], -1);
	if (pid < 0)
		fail("vfork");
	pids[i] = pid;
	ids[pid] = i + 1;
}

static void *start_part(void *first)
{
	for (int i = (int)(intptr_t)first; i < count; i += THREADS)
		start(i);
	return NULL;
}

static void stop_all(int sig)
{
	(void)sig;
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGTERM);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

static char *whole(const char *file, size_t *n)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		fail(file);
	char *p = malloc(st.st_size);
	if (read(fd, p, st.st_size) != st.st_size)
		fail(file);
	close(fd);
	*n = st.st_size;
	return p;
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	return sa;
}

/* serve answers one request per connection, as fast as one thread can. */
static void *serve(void *args)
{
	char **a = args, in[4096];
	size_t n[2];
	char *answer[] = { whole(a[1], &n[0]), whole(a[2], &n[1]) };
	struct sockaddr_un sa = address(a[0]);
	int l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(l, (void *)&sa, sizeof sa) < 0 || listen(l, 512) < 0)
		fail(a[0]);
	for (;;) {
		int fd = accept4(l, NULL, NULL, SOCK_CLOEXEC);
		ssize_t have = read(fd, in, sizeof in - 1);
		if (have > 0) {
			in[have] = 0;
			int all = strstr(in, "getAll") != NULL;
			for (size_t done = 0; done < n[all];) {
				ssize_t w = send(fd, answer[all] + done, n[all] - done, MSG_NOSIGNAL);
				if (w <= 0)
					break;
				done += w;
			}
		}
		close(fd);
	}
	return NULL;
}

static int supervise(char **a)
{
	pthread_t t[THREADS], server;
	count = atoi(a[0]);
	what = calloc(count, sizeof *what);
	pids = calloc(count, sizeof *pids);
	ids = calloc(MAXPID + 1, sizeof *ids);
	for (int i = 0; i < count; i++)
		snprintf(what[i], sizeof what[i], "%s:%s:%d", a[1], a[2], i);
	signal(SIGTERM, stop_all);
	pthread_create(&server, NULL, serve, a + 3);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, start_part, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (;;) {
		pid_t pid = waitpid(-1, NULL, 0);
		if (pid > 0 && ids[pid])
			start(ids[pid] - 1);
	}
	return 0;
}

static int log_output(char **a)
{
	static char buf[1 << 20];
	int p[2], out = open(a[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), gather = !strcmp(a[2], "gather");
	count = 1;
	pids = calloc(1, sizeof *pids);
	if (out < 0 || pipe2(p, O_CLOEXEC) < 0)
		fail(a[1]);
	fcntl(p[0], F_SETPIPE_SZ, sizeof buf);
	signal(SIGTERM, stop_all);
	pids[0] = spawn(a[0], p[1]);
	close(p[1]);
	struct pollfd pf = { p[0], POLLIN, 0 };
	for (;;) {
		ssize_t n;
		poll(&pf, 1, -1);
		if (gather) {
			usleep(1000);
			n = read(p[0], buf, sizeof buf);
			if (n > 0 && write(out, buf, n) != n)
				fail("write");
		} else {
			n = splice(p[0], NULL, out, NULL, sizeof buf, SPLICE_F_MOVE);
		}
		if (n <= 0)
			pause();
	}
	return 0;
}

static int ask(char **a)
{
	static char buf[1 << 20];
	size_t n;
	char *request = whole(a[1], &n);
	struct sockaddr_un sa = address(a[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (void *)&sa, sizeof sa) < 0 || write(fd, request, n) < 0)
		fail(a[0]);
	for (ssize_t r; (r = read(fd, buf, sizeof buf)) > 0;)
		if (write(1, buf, r) != r)
			fail("write");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strchr(argv[1], ':'))
		return be_child(argv[1], argv);
	/* child is in the directory of floor */
	ssize_t n = readlink("/proc/self/exe", child, sizeof child - 1);
	if (n < 5)
		fail("/proc/self/exe");
	strcpy(child + n - 5, "child");
	if (argc >= 8 && !strcmp(argv[1], "supervise"))
		return supervise(argv + 2);
	if (argc >= 5 && !strcmp(argv[1], "log"))
		return log_output(argv + 2);
	if (argc >= 4 && !strcmp(argv[1], "ask"))
		return ask(argv + 2);
	fprintf(stderr, "floor: its first lines tell how to use it\n");
	return 2;
}
