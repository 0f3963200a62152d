#!/usr/bin/env python3
"""Compares our supervisord with others, and with a minimal C program.

    bench.py [--runs 3] [--n 1000] [--only ROW,ROW...] [--contenders NAME,NAME...] [--scale] [--bin bin]

Prints a Markdown table; docs/performance.md says what its rows mean. Needs Linux
5.3 and a C compiler. Debian's Supervisor, runit, s6 and daemontools are measured if
they are installed. The contenders take turns, and each figure is a median.
"""
import argparse, ctypes, math, os, shutil, signal, socket, statistics, struct, subprocess, sys, tempfile, time
import xmlrpc.client

HERE = os.path.dirname(os.path.abspath(__file__))
RECORD = struct.Struct('=QII')
LAUNCH = 0xffffffff
LIMIT = 60                     # seconds for anything to happen


def cpu(pids):
    """Nanoseconds of CPU that processes have used, from their CPU clocks."""
    total = 0
    for pid in pids:
        try:
            total += time.clock_gettime_ns((~pid) << 3 | 2)
        except OSError:
            pass               # it has ended
    return total


def alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def below(pid):
    """The processes that descend from pid."""
    found, todo = [], [pid]
    while todo:
        try:
            p = todo.pop()
            for task in os.listdir('/proc/%d/task' % p):
                with open('/proc/%d/task/%s/children' % (p, task)) as f:
                    kids = [int(k) for k in f.read().split()]
                found += kids
                todo += kids
        except OSError:
            pass
    return found


def wait_for(condition, limit=LIMIT, step=0.001):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError('nothing within %d s' % limit)
        time.sleep(step)


class Run:
    """One contender with n programs, in its own directory."""

    def __init__(self, kind, tools, n, mode='sleep', extra='', startsecs=0, log=None):
        self.tools, self.n, self.mode, self.extra, self.startsecs, self.log = tools, n, mode, extra, startsecs, log
        self.dir = tempfile.mkdtemp(prefix='bench', dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
        self.events, self.sock = self.dir + '/events', self.dir + '/sock'
        open(self.events, 'w').close()
        self.kind = kind()
        self.kind.configure(self)
        self.daemon = subprocess.Popen([tools['child'], 'launch:' + self.events] + self.kind.command(self), cwd=self.dir,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def what(self, i):
        """The one argument of a program."""
        return '%s:%s:%d%s' % (self.mode, self.events, i, self.extra)

    def records(self, since=0):
        with open(self.events, 'rb') as f:
            f.seek(since * RECORD.size)
            data = f.read()
        return list(RECORD.iter_unpack(data[:len(data) // RECORD.size * RECORD.size]))

    def ready(self):
        size = (self.n + 1) * RECORD.size
        wait_for(lambda: os.path.getsize(self.events) >= size)
        return self

    def pids(self):
        """The latest pid of each program."""
        return {i: pid for _, i, pid in self.records() if i != LAUNCH}

    def own(self):
        """The processes of the contender itself."""
        def is_child(pid):
            try:
                return os.readlink('/proc/%d/exe' % pid) == self.tools['child']
            except OSError:
                return True
        return [self.daemon.pid] + [p for p in below(self.daemon.pid) if not is_child(p)]

    def births(self):
        """Milliseconds from exec to the first instruction of each program."""
        r = self.records()
        t0 = next(t for t, i, _ in r if i == LAUNCH)
        return [(t - t0) / 1e6 for t, i, _ in r if i != LAUNCH]

    def calls(self, method, args, seconds):
        """Microseconds of CPU of one call, each over its own connection."""
        request = http(method, args)
        for _ in range(20):
            ask(self.sock, request)
        own, count, begin, end = self.own(), 0, 0, time.monotonic() + seconds
        begin = cpu(own)
        while time.monotonic() < end:
            ask(self.sock, request)
            count += 1
        return (cpu(own) - begin) / 1e3 / count

    def __enter__(self): return self

    def __exit__(self, *_):
        if self.daemon.poll() is None:
            for pid in below(self.daemon.pid) + [self.daemon.pid]:
                kill(pid, signal.SIGKILL)
        wait_for(lambda: self.daemon.poll() is not None)
        for pid in {pid for _, i, pid in self.records() if i != LAUNCH} if self.mode != 'exit' else ():
            if owned(pid, self.tools['child']):
                kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)


def owned(pid, exe):
    try:
        return os.readlink('/proc/%d/exe' % pid) == exe
    except OSError:
        return False


def kill(pid, sig):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def http(method, args=()):
    body = xmlrpc.client.dumps(tuple(args), 'supervisor.' + method).encode()
    return b'POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n' % len(body) + body


def ask(path, request):
    with socket.socket(socket.AF_UNIX) as c:
        c.settimeout(LIMIT)
        c.connect(path)
        c.sendall(request)
        size = 0
        while got := c.recv(1 << 20):
            size += len(got)
        return size


# ---------------------------------------------------------------- contenders
class INI:
    """A daemon that reads Supervisor's file and has Supervisor's XML-RPC interface."""
    rows = None                # all

    def configure(self, run, changed=None):
        with open(run.dir + '/conf', 'w') as f:
            f.write('[unix_http_server]\nfile={0}/sock\n[supervisord]\nlogfile={0}/main.log\npidfile={0}/pid\nchildlogdir={0}\n'
                    'minfds=1024\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = '
                    'supervisor.rpcinterface:make_main_rpcinterface\n[supervisorctl]\nserverurl=unix://{0}/sock\n'.format(run.dir))
            for i in range(run.n):
                f.write('[program:p%05d]\ncommand=%s %s\nautorestart=true\nstartretries=1000000\nstartsecs=%d\n%sredirect_stderr=true\n'
                        'stdout_logfile=%s\nstdout_logfile_backups=99\n'
                        % (i, run.tools['child'], run.what(i), run.startsecs, 'priority=5\n' if i == changed else '',
                           '%s/log.%d' % (run.dir, i) if run.log else 'NONE'))

    def command(self, run): return [self.daemon(), '-n', '-c', run.dir + '/conf']
    def status(self, run): return [self.ctl(), '-c', run.dir + '/conf', 'status']
    def shutdown(self, run): ask(run.sock, http('shutdown'))

    def update(self, run, changed):
        self.configure(run, changed)
        for action in 'reread', 'update':
            subprocess.run([self.ctl(), '-c', run.dir + '/conf', action], stdout=subprocess.DEVNULL, check=True)


class Ours(INI):
    bin = ''
    def daemon(self): return self.bin + '/supervisord'
    def ctl(self): return self.bin + '/supervisorctl'


class Supervisor(INI):
    def daemon(self): return '/usr/bin/supervisord'
    def ctl(self): return '/usr/bin/supervisorctl'


class Floor:
    rows = None

    def configure(self, run):
        info = dict(name='p00000', group='p00000', description='pid 12345, uptime 0:00:10', pid=12345, stderr_logfile='', stdout_logfile='',
                    logfile='', exitstatus=0, spawnerr='', now=1795000000, stop=0, start=1795000000, statename='RUNNING', state=20)
        for name, value in ('one', info), ('all', [info] * run.n):
            body = xmlrpc.client.dumps((value,), methodresponse=True).encode()
            with open(run.dir + '/' + name, 'wb') as f:
                f.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
        with open(run.dir + '/request', 'wb') as f:
            f.write(http('getAllProcessInfo'))

    def command(self, run):
        if run.log:
            return [run.tools['floor'], 'log', run.what(0), run.dir + '/log.0', run.log]
        return [run.tools['floor'], 'supervise', str(run.n), run.mode, run.events, run.sock, run.dir + '/one', run.dir + '/all']

    def status(self, run): return [run.tools['floor'], 'ask', run.sock, run.dir + '/request']
    def shutdown(self, run): run.daemon.terminate()


class Tree:
    """A scanner with one supervising process for each program, which runs the file "run"."""
    rows = {'first', 'all', 'restart', 'idle', 'memory', 'threads', 'status', 'stop'}

    def configure(self, run):
        for i in range(run.n):
            d = '%s/sv/p%05d' % (run.dir, i)
            os.makedirs(d)
            with open(d + '/run', 'w') as f:
                f.write('#!%s %s\n' % (run.tools['child'], run.what(i)))
            os.chmod(d + '/run', 0o755)
        os.utime(run.dir + '/sv', (1e9, 1e9))          # runsvdir waits if the directory has just changed

    def services(self, run): return ['%s/sv/p%05d' % (run.dir, i) for i in range(run.n)]


class Runit(Tree):
    def command(self, run): return ['runsvdir', run.dir + '/sv']
    def status(self, run): return ['sv', 'status'] + self.services(run)
    def shutdown(self, run): run.daemon.send_signal(signal.SIGHUP)


class S6(Tree):
    def command(self, run): return ['s6-svscan', '-c', str(2 * run.n + 10), run.dir + '/sv']
    def status(self, run): return ['sh', '-c', 'for d in "$0"/*; do s6-svstat "$d"; done', run.dir + '/sv']
    def shutdown(self, run): run.daemon.terminate()


class Daemontools(Tree):
    def command(self, run): return ['svscan', run.dir + '/sv']
    def status(self, run): return ['svstat'] + self.services(run)

    def shutdown(self, run):
        run.daemon.terminate()
        subprocess.run(['svc', '-dx'] + self.services(run))


def contenders(bin):
    Ours.bin = os.path.abspath(bin)
    found = {'ours': Ours, 'floor': Floor}
    for name, kind, needs in (('Supervisor', Supervisor, '/usr/bin/supervisord'), ('runit', Runit, 'runsvdir'),
                              ('s6', S6, 's6-svscan'), ('daemontools', Daemontools, 'svscan')):
        if shutil.which(needs):
            found[name] = kind
        else:
            print('%s is not installed and left out' % name, file=sys.stderr)
    return found


# ---------------------------------------------------------------- measures
# Each yields (row, figure) for one run of one contender.
def shared(kind, tools, n, rows):
    """The rows that one daemon with sleeping programs gives."""
    with Run(kind, tools, n) as run:
        run.ready()
        births = run.births()
        yield ('first', min(births)) if n == 1 else ('all', max(births))
        time.sleep(2 if n == 1 else 4)
        yield 'memory 1' if n == 1 else 'memory', pss(run.own()) / 1024
        if n > 1:
            yield 'threads', sum(len(os.listdir('/proc/%d/task' % p)) for p in run.own())
            if 'idle' in rows:
                own = run.own()
                c, w = cpu(own), switches(own)
                time.sleep(15)
                yield 'idle', (cpu(own) - c) / 1e9 * 4
                yield 'switches', (switches(own) - w) * 4
            if hasattr(kind, 'ctl') or kind is Floor:
                yield 'one', run.calls('getProcessInfo', ['p00000'], 1)
                yield 'every', run.calls('getAllProcessInfo', [], 1)
        yield 'status 1' if n == 1 else 'status', statistics.median(timed(run.kind.status(run)) for _ in range(9))
        if n > 1 and hasattr(kind, 'update'):
            yield 'update', update(run)
        if n > 1:
            yield 'stop', stop(run)


def pss(pids):
    total = 0
    for p in pids:
        with open('/proc/%d/smaps_rollup' % p) as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith('Pss:'))
    return total


def switches(pids):
    total = 0
    for p in pids:
        for task in os.listdir('/proc/%d/task' % p):
            with open('/proc/%d/task/%s/status' % (p, task)) as f:
                total += sum(int(line.split()[1]) for line in f if 'ctxt_switches' in line)
    return total


def timed(command):
    t = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL)
    return (time.monotonic() - t) * 1e3


def update(run):
    """Milliseconds from a changed file to the new process of its program."""
    before, i = run.pids(), run.n // 2
    seen = len(run.records())
    t = time.monotonic_ns()
    run.kind.update(run, i)
    wait_for(lambda: len(run.records(seen)) > 0)
    after = run.pids()
    assert [j for j in before if before[j] != after[j]] == [i], 'others were restarted'
    return (run.records(seen)[0][0] - t) / 1e6


def stop(run):
    """Milliseconds until all have ended."""
    pids = list(run.pids().values())
    t = time.monotonic()
    run.kind.shutdown(run)
    while pids:
        if alive(pids[-1]):
            time.sleep(0.001)
        else:
            pids.pop()
    if isinstance(run.kind, INI) or isinstance(run.kind, Floor):
        run.daemon.wait(LIMIT)
    return (time.monotonic() - t) * 1e3


def restart(kind, tools, rows):
    """Microseconds from a kill to the first instruction of the next process."""
    with Run(kind, tools, 20) as run:
        run.ready()
        time.sleep(3)                                  # some delay the restart of a program that ends soon
        times = []
        for i in range(20):
            seen, pid = len(run.records()), run.pids()[i]
            t = time.monotonic_ns()
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: len(run.records(seen)) > 0)
            times.append((run.records(seen)[0][0] - t) / 1e3)
            time.sleep(0.01)
        yield 'restart', statistics.median(times)


def logging(kind, tools, rows):
    """Seconds of CPU per gigabyte, in large writes and in lines."""
    for row, megabytes, chunk, how in ('log', 256, 655, 'splice'), ('lines', 64, 1, 'gather'):
        if row not in rows:
            continue
        size = megabytes * 1000 * 1000
        with Run(kind, tools, 1, 'write', ':%d:%d' % (size, chunk), log=how) as run:
            run.ready()
            time.sleep(1)
            own = run.own()
            begin = cpu(own)
            kill(run.pids()[0], signal.SIGCONT)
            wait_for(lambda: sum(e.stat().st_size for e in os.scandir(run.dir) if e.name.startswith('log.')) >= size, step=0.005)
            yield row, (cpu(own) - begin) / 1e9 / (size / 1e9)


def crash(kind, tools, rows):
    """A hundred programs that exit at once: CPU per restart, and the time of calls."""
    with Run(kind, tools, 100, 'exit') as run:
        run.ready()
        time.sleep(1)
        own, request, times = run.own(), http('getProcessInfo', ['p00000']), []
        begin, seen, end = cpu(own), os.path.getsize(run.events), time.monotonic() + 6
        while time.monotonic() < end:
            t = time.monotonic()
            ask(run.sock, request)
            times.append((time.monotonic() - t) * 1e3)
            time.sleep(0.05)
        used, births = cpu(own) - begin, (os.path.getsize(run.events) - seen) / RECORD.size
        yield 'crash', used / 1e3 / max(1, births)
        yield 'crash p99', sorted(times)[len(times) * 99 // 100]


# row: label, unit, goal as (factor, of which contender, or None for an absolute value)
TABLE = {
    'first': ('exec of the daemon → first instruction of the first program', 'ms', (12, 'floor')),
    'all': ('… → all of {n}', 'ms', (4, 'floor')),
    'restart': ('kill -9 → first instruction of the new child, p50', 'µs', (1.5, 'floor')),
    'idle': ('idle, CPU per minute', 's', (0.005, None)),
    'switches': ('idle, context switches per minute', '', (5, None)),
    'memory 1': ('memory (PSS), one program', 'MB', (11, None)),
    'memory': ('memory (PSS), {n} programs', 'MB', (18, None)),
    'threads': ('OS threads', '', (16, None)),
    'log': ('log capture, CPU per GB, large writes', 's', (1.5, 'floor')),
    'lines': ('… one 100-byte line per write', 's', (0.5, 'Supervisor')),
    'one': ('getProcessInfo, CPU', 'µs', (6, 'floor')),
    'every': ('getAllProcessInfo, CPU', 'µs', (5, 'floor')),
    'status': ('status of {n}, whole process', 'ms', (20, None)),
    'status 1': ('… of one', 'ms', (8, None)),
    'update': ('reread and update, one changed', 'ms', (30, None)),
    'stop': ('shutdown → all ended', 'ms', (2.5, 'floor')),
    'crash': ('crash storm of 100, own CPU per restart', 'µs', (150, None)),
    'crash p99': ('… RPC p99 meanwhile', 'ms', (15, None)),
}


def measure(found, tools, n, rows, runs):
    """All figures: {(row, contender): [one for each run]}."""
    figures = {}
    jobs = [(lambda k: shared(k, tools, 1, rows), {'first', 'memory 1', 'status 1'}),
            (lambda k: shared(k, tools, n, rows), {'all', 'memory', 'threads', 'idle', 'switches', 'one', 'every', 'status', 'update', 'stop'}),
            (lambda k: restart(k, tools, rows), {'restart'}),
            (lambda k: logging(k, tools, rows), {'log', 'lines'}),
            (lambda k: crash(k, tools, rows), {'crash', 'crash p99'})]
    for r in range(runs):
        for job, provides in jobs:
            if not provides & rows:
                continue
            names = list(found)
            for name in names[r % len(names):] + names[:r % len(names)]:
                if found[name].rows is not None and not provides & found[name].rows:
                    continue
                print('run %d: %s, %s' % (r + 1, ', '.join(sorted(provides & rows)), name), file=sys.stderr)
                try:
                    for row, figure in job(found[name]):
                        figures.setdefault((row, name), []).append(figure)
                except (OSError, TimeoutError, AssertionError, subprocess.SubprocessError) as e:
                    print('   failed: %s' % e, file=sys.stderr)
    return figures


def show(x):
    return '–' if x is None else '%.0f' % x if x >= 100 else '%.3g' % x


def report(figures, found, n, rows):
    median = {k: statistics.median(v) for k, v in figures.items()}
    names = [c for c in found if c not in ('ours', 'floor')]
    print('| %s |' % ' | '.join(['measure', 'unit', 'floor', 'ours', 'ours ÷ floor'] + names + ['to reach', 'reached']))
    print('|---|---|' + '---:|' * (3 + len(names)) + '---|---|')
    for row, (words, unit, (factor, of)) in TABLE.items():
        ours = median.get((row, 'ours'))
        if row not in rows or ours is None:
            continue
        base = median.get((row, 'floor'))
        bound = factor if of is None else factor * median[row, of] if (row, of) in median else None
        goal = '≤ %g%s' % (factor, ' × ' + of if of else ' ' + unit)
        verdict = '?' if bound is None else 'yes' if ours <= bound else 'no'
        print('| %s |' % ' | '.join(
            [words.format(n=n), unit, show(base), show(ours), show(ours / base if base else None)] +
            [show(median.get((row, c))) for c in names] + [goal, verdict]))


def scale(found, tools, runs):
    """How the cost of ours grows: the exponent of N for each measure."""
    sizes, rows = (10, 100, 1000, 4000), ('all', 'one', 'every', 'status', 'update', 'stop', 'memory')
    median = {}
    for n in sizes:
        figures = measure({'ours': found['ours']}, tools, n, set(rows), runs)
        median.update({(row, n): statistics.median(v) for (row, _), v in figures.items()})
    print('\n| measure, ours | unit | %s | exponent, from %d on |' % (' | '.join('N = %d' % n for n in sizes), sizes[1]))
    print('|---|---|' + '---:|' * (len(sizes) + 1))
    for row in rows:
        points = [(math.log(n), math.log(median[row, n])) for n in sizes[1:] if (row, n) in median]
        mx, my = (statistics.mean(p[i] for p in points) for i in (0, 1))
        slope = sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
        print('| %s | %s | %s | %.2f |' % (TABLE[row][0].format(n='N'), TABLE[row][1],
                                          ' | '.join(show(median.get((row, n))) for n in sizes), slope))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--runs', type=int, default=3)
    ap.add_argument('--n', type=int, default=1000, help='programs in the rows about many')
    ap.add_argument('--only', help='short names of rows, or none: ' + ', '.join(TABLE))
    ap.add_argument('--contenders', help='names as in the table; all by default')
    ap.add_argument('--scale', action='store_true', help='also N = 10 … 4000')
    ap.add_argument('--bin', default='bin', help='the directory with our programs')
    a = ap.parse_args()
    rows = set(a.only.split(',')) - {'none'} if a.only else set(TABLE)
    if unknown := rows - set(TABLE):
        sys.exit('no such row: ' + ', '.join(unknown))
    cc = shutil.which(os.environ.get('CC', 'cc'))
    if cc is None:
        sys.exit('!!! NOT MEASURED: there is no C compiler for the floor and the programs')
    with tempfile.TemporaryDirectory() as d:
        tools = {name: d + '/' + name for name in ('floor', 'child')}
        for path in tools.values():
            subprocess.run([cc, '-O2', '-Wall', '-static', '-o', path, HERE + '/floor.c', '-lpthread'], check=True)
        # As a subreaper we get what daemons leave behind, and can wait for it.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        found = contenders(a.bin)
        if a.contenders:
            found = {name: kind for name, kind in found.items() if name in a.contenders.split(',')}
        if rows:
            report(measure(found, tools, a.n, rows, a.runs), found, a.n, rows)
        if a.scale:
            scale(found, tools, a.runs)


if __name__ == '__main__':
    main()
