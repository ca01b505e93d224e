#!/usr/bin/env python3
"""Starts users_service on a free port of the loopback interface and uses it as its clients would.

The program finds its database by a .env file in a temporary folder. Between the two stands a relay that
can be closed, which is what a server that is down looks like. Where Chromium is installed, the page is
used in it, without a window: typed into, clicked, read.

usage: users_service_test.py PROGRAM
"""

import collections
import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tests' / 'support' / 'checks'))
from report import Report

LIMIT = 30


class Checks(Report):
    def check(self, good, what, detail=''):
        super().check(good, what, str(detail)[:2000])


def within_limit(question, what):
    """The first true answer to a question that is asked until there is one."""
    end = time.monotonic() + LIMIT
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


class Database:
    """The database of a URL."""

    def __init__(self, url):
        self.url = url
        parts = urllib.parse.urlsplit(url)
        settings = dict(urllib.parse.parse_qsl(parts.query))
        # Not parts.hostname, which is in lower case: a socket's folder is not.
        host, port = re.fullmatch(r'(?:.*@)?(\[.*\]|[^:]*)(?::(\d*))?', parts.netloc).groups()
        folders = filter(os.path.isdir, ('/var/run/postgresql', '/tmp'))
        self.host = settings.get('host') or urllib.parse.unquote(host.strip('[]')) or next(folders)
        self.port = int(settings.get('port') or port or 5432)
        self.user = urllib.parse.unquote(parts.username or 'postgres')
        self.password = urllib.parse.unquote(parts.password or '')
        self.name = parts.path[1:]

    def connect(self):
        if self.host.startswith('/'):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(f'{self.host}/.s.PGSQL.{self.port}')
            return connection
        return socket.create_connection((self.host, self.port))

    def query(self, sql):
        command = ['psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-d', self.url, '-c', sql]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Relay:
    """A port of the loopback interface that leads to a database, and can be closed."""

    def __init__(self, database):
        self.database = database
        self.port = 0
        self.open()

    def open(self):
        self.open_sockets = []
        self.listening = socket.create_server(('127.0.0.1', self.port))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listening, self.open_sockets), daemon=True).start()

    def accept(self, listening, open_sockets):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = self.database.connect()
                open_sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.copy, args=pair, daemon=True).start()

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        for each in [self.listening, *self.open_sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


Answer = collections.namedtuple('Answer', 'status headers text')


class Service:
    """The program, running."""

    def __init__(self, program, folder, database, port):
        lines = ['DB_HOST=127.0.0.1', f'DB_PORT={port}', f'DB_USER="{database.user}"', f'DB_NAME={database.name}',
                 f"DB_PASSWORD='{database.password}'", 'DB_APPLICATION_NAME=users_service', '# and not its own:',
                 'COLOUR=blue']
        (folder / '.env').write_text('\n'.join(lines) + '\n')
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith('DB_') and name != 'DATABASE_URL'}
        self.log = (folder / 'log').open('w+')
        self.process = subprocess.Popen([program, '0'], cwd=folder, env=environment, text=True,
                                        stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline()
        found = re.fullmatch(r'listening on http://127\.0\.0\.1:(\d+)\n', line)
        if not found:
            self.process.kill()
            self.log.seek(0)
            raise RuntimeError(f'it printed {line!r} and {self.log.read()!r}')
        self.port = int(found.group(1))

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=LIMIT)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode(errors='replace'))

    def get(self, path):
        return self.ask('GET', path)

    def add(self, user):
        body = user if isinstance(user, (str, bytes)) else json.dumps(user)
        return self.ask('POST', '/users', body, {'Content-Type': 'application/json'})

    def fill_form(self, fields):
        return self.ask('POST', '/users/form', urllib.parse.urlencode(fields),
                        {'Content-Type': 'application/x-www-form-urlencoded'})

    def all_users(self):
        users = []
        while page := json.loads(self.get(f'/users?after={users[-1]["id"] if users else 0}').text):
            users += page
        return users

    def metrics(self):
        numbers = {}
        text = self.get('/metrics').text
        families = re.findall('^# TYPE (.*) ', text, re.M)
        if len(families) != len(set(families)):
            raise ValueError(f'a metric is there twice: {families}')
        for line in text.splitlines():
            if not line.startswith('#'):
                name, value = re.fullmatch(r'([a-z_]+(?:\{[^}]*\})?) ([0-9.e+-]+|\+Inf|NaN)', line).groups()
                numbers[name] = float(value)
        return numbers

    def stop(self, with_signal):
        self.process.send_signal(with_signal)
        return self.process.wait(LIMIT)


class Browser:
    """Chromium without a window, told what to do by the DevTools protocol over a pipe."""

    PROGRAMS = ('chromium', 'chromium-browser', 'google-chrome')

    @classmethod
    def program(cls):
        return next(filter(None, map(shutil.which, cls.PROGRAMS)), None)

    def __init__(self, folder):
        def pipe():
            # Above the numbers that Chromium wants its ends to have.
            ends = os.pipe()
            copies = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
            for end in ends:
                os.close(end)
            return copies

        commands_out, self.commands = pipe()
        self.answers, answers_in = pipe()
        script = f'exec 3<&{commands_out} 4>&{answers_in}; exec "$@"'
        self.process = subprocess.Popen(
            ['bash', '-c', script, 'bash', self.program(), '--headless', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--no-first-run', f'--user-data-dir={folder}', '--remote-debugging-pipe'],
            pass_fds=(commands_out, answers_in), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands_out)
        os.close(answers_in)
        self.answers = os.fdopen(self.answers, 'rb')
        self.session = None
        self.number = 0
        target = self.tell('Target.createTarget', url='about:blank')['targetId']
        self.session = self.tell('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        self.tell('Page.enable')

    def messages(self):
        text = b''
        while byte := self.answers.read(1):
            if byte == b'\0':
                yield json.loads(text)
                text = b''
            else:
                text += byte
        raise EOFError('Chromium has ended')

    def tell(self, method, *, until=None, **parameters):
        """Sends a command, waits for its answer and, where one is named, for an event after it was sent."""
        self.number += 1
        command = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            command['sessionId'] = self.session
        os.write(self.commands, json.dumps(command).encode() + b'\0')
        result = None
        for message in self.messages():
            if message.get('id') == self.number:
                if 'error' in message:
                    raise RuntimeError(f'{method}: {message["error"]}')
                result = message['result']
            until = None if message.get('method') == until else until
            if result is not None and until is None:
                return result

    def open(self, url):
        self.tell('Page.navigate', url=url, until='Page.loadEventFired')

    def evaluate(self, expression):
        return self.tell('Runtime.evaluate', expression=expression, returnByValue=True)['result'].get('value')

    def click(self, selector, until=None):
        box = self.evaluate(f'JSON.stringify(document.querySelector({json.dumps(selector)}).getBoundingClientRect())')
        box = json.loads(box)
        place = {'x': box['x'] + box['width'] / 2, 'y': box['y'] + box['height'] / 2, 'button': 'left', 'clickCount': 1}
        self.tell('Input.dispatchMouseEvent', type='mousePressed', **place)
        self.tell('Input.dispatchMouseEvent', type='mouseReleased', until=until, **place)

    def type_into(self, selector, text):
        self.click(selector)
        self.tell('Input.insertText', text=text)

    def add_user(self, username, email):
        self.type_into('input[name=username]', username)
        self.type_into('input[name=email]', email)
        self.click('button', until='Page.loadEventFired')

    def rows(self):
        return json.loads(self.evaluate('JSON.stringify([...document.querySelectorAll("tr")]'
                                        '.map(row => [...row.querySelectorAll("td")].map(cell => cell.innerText)))'))

    def error(self):
        return self.evaluate('document.querySelector("[role=alert]")?.innerText ?? null')

    def close(self):
        self.session = None
        with contextlib.suppress(EOFError, OSError):
            self.tell('Browser.close')
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        self.answers.close()


def check_answers(report, service):
    """What one client sees, from an empty table on."""
    answer = service.get('/users')
    report.check((answer.status, answer.text) == (200, '[]'), 'at first there is no user', answer)

    ada = {'id': 1, 'username': 'ada', 'email': 'ada@example.org'}
    answer = service.add({'username': 'ada', 'email': 'ada@example.org'})
    report.check((answer.status, json.loads(answer.text)) == (201, ada), 'a user is added', answer)
    report.check(answer.headers['Location'] == '/users/1', 'and it is said where it is', answer.headers)
    answer = service.get('/users/1')
    report.check((answer.status, json.loads(answer.text)) == (200, ada), 'a user is told by its id', answer)
    eve = json.loads(service.add({'username': "'; DROP TABLE users; --", 'email': None}).text)
    report.check(json.loads(service.get('/users').text) == [ada, eve], 'users are listed', eve)
    report.check(json.loads(service.get('/users?after=1').text) == [eve], 'those behind an id are listed')

    def refused(status, words, answer, what):
        error = json.loads(answer.text).get('error', '')
        report.check(answer.status == status and re.search(words, error) is not None, what, answer)

    refused(409, 'username', service.add({'username': 'ada'}), 'a duplicate is a conflict')
    refused(400, 'parse', service.add('{"username": '), 'half of a JSON text is a bad request')
    refused(400, 'username', service.add({'name': 'kim'}), 'a missing member is a bad request')
    refused(400, 'string', service.add({'username': 7}), 'a member of the wrong type is a bad request')
    refused(400, 'type', service.add(['kim']), 'an array in place of an object is a bad request')
    refused(400, 'empty', service.add({'username': ''}), 'an empty username is a bad request')
    refused(400, r'varying\(50\)', service.add({'username': 'x' * 51}), 'a long username is a bad request')
    refused(400, 'NUL', service.add({'username': 'a\0b'}), 'a NUL character is a bad request')
    refused(400, 'UTF-8', service.add(b'{"username": "\xff"}'), 'what is not UTF-8 is a bad request')
    refused(400, 'id', service.get('/users?after=x'), 'a wrong number in the query is a bad request')
    refused(404, 'user 4711', service.get('/users/4711'), 'an unknown user is not found')
    refused(404, '9{30}', service.get('/users/' + '9' * 30), 'a number that is none of an id is not found')
    refused(404, 'nothing', service.get('/nowhere'), 'an unknown address is not found')
    answer = service.add({'username': 'x' * 100_000})
    report.check(answer.status == 413, 'a body of 100 kB is too large', answer)
    report.check(json.loads(service.get('/users').text) == [ada, eve], 'what was refused left nothing behind')


def check_round_trips(report, service):
    """What the page on the service says of them."""
    def cost(request):
        before = service.metrics()['pqscope_round_trips_total']
        request()
        return service.metrics()['pqscope_round_trips_total'] - before

    report.check(cost(lambda: service.get('/users/1')) == 2, 'a user is read in two round trips')
    report.check(cost(lambda: service.add({'username': 'kim'})) == 2, 'a user is added in two')
    report.check(cost(lambda: service.add({'username': '\0'})) == 0, 'a bad request costs none')


def check_vectors(report, service, database):
    """Similar users where the server has pgvector; else the answer that it has not."""
    if database.query("SELECT count(*) FROM pg_extension WHERE extname = 'vector'") == '0':
        for answer in (service.get('/users/1/similar'), service.add({'username': 'v', 'embedding': [1, 2, 3]})):
            report.check(answer.status == 501, 'without the extension there are no embeddings', answer)
        return
    for name, embedding in (('v0', [0, 0, 0]), ('v9', [9, 0, 0]), ('v1', [1, 0, 0]), ('v2', [0, 2, 0])):
        before = service.metrics()['pqscope_round_trips_total']
        answer = service.add({'username': name, 'embedding': embedding})
        report.check(answer.status == 201, f'{name} is added with an embedding', answer)
        cost = service.metrics()['pqscope_round_trips_total'] - before
        report.check(cost == 3, 'an embedding costs one more round trip', cost)
    users = {user['username']: user['id'] for user in service.all_users()}
    answer = service.get(f'/users/{users["v0"]}/similar')
    report.check([user['username'] for user in json.loads(answer.text)] == ['v1', 'v2', 'v9'], 'nearest first', answer)
    answer = service.get('/users/1/similar')
    report.check((answer.status, answer.text) == (200, '[]'), 'without an embedding nobody is near', answer)
    report.check(service.get('/users/4711/similar').status == 404, 'an unknown user has nobody near')
    answer = service.add({'username': 'flat', 'embedding': [1, 2]})
    report.check(answer.status == 400 and 'flat' not in [user['username'] for user in service.all_users()],
                 'two numbers are no embedding, and the user is not added either', answer)


def check_page(report, service):
    """The page as HTTP shows it."""
    answer = service.fill_form({'username': '<b>"&\'', 'email': ''})
    report.check((answer.status, answer.headers['Location']) == (303, '/'), 'the form leads back to the page', answer)
    page = service.get('/').text
    report.check('<td>&lt;b&gt;&quot;&amp;&#39;</td>' in page and '<b>' not in page, 'HTML is escaped', page)
    answer = service.fill_form({'username': '<b>"&\'', 'email': '"><i>'})
    report.check(answer.status == 409 and 'role="alert"' in answer.text and '<i>' not in answer.text
                 and 'value="&lt;b&gt;&quot;&amp;&#39;"' in answer.text,
                 'a duplicate shows the form again, with what was typed', answer)
    for bad in ({'username': 'a\0b'}, {'username': b'\xff'}, {}):
        answer = service.fill_form(bad)
        report.check(answer.status == 400 and 'role="alert"' in answer.text, f'the form refuses {bad}', answer)


def check_parallel(report, service):
    """Eight clients at once."""
    names = [f'client {number % 8} user {number}' for number in range(200)]
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda name: service.add({'username': name}), names))
        report.check(all(answer.status == 201 for answer in answers), 'eight clients add 200 users', answers)
        users = service.all_users()
        counts = collections.Counter(user['username'] for user in users)
        report.check(all(counts[name] == 1 for name in names), 'each of them is there once', counts)
        report.check(len({user['id'] for user in users}) == len(users), 'each has an id of its own')
        told = {user['username']: user['id'] for user in map(json.loads, (answer.text for answer in answers))}
        report.check({user['username']: user['id'] for user in users if user['username'] in told} == told,
                     'the ids that were answered are those that are listed')
        races = [list(clients.map(lambda _: service.add({'username': f'race {race}'}).status, range(8)))
                 for race in range(5)]
        report.check(all(sorted(race) == [201] + [409] * 7 for race in races), 'of eight who race one wins', races)


def check_trouble(report, service, database, relay):
    """Connections that are killed, and a server that is away for a while."""
    own = "datname = current_database() AND application_name = 'users_service'"
    killed = int(database.query(f'SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {own}'))
    report.check(killed > 0, 'its connections are killed', killed)
    within_limit(lambda: database.query(f'SELECT count(*) FROM pg_stat_activity WHERE {own}') == '0', 'backends end')
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda number: service.add({'username': f'later {number}'}), range(16)))
    report.check(all(answer.status == 201 for answer in answers), 'nobody notices', answers)

    relay.close()
    for answer in (service.get('/users'), service.add({'username': 'late'}), service.fill_form({'username': 'late'})):
        report.check(answer.status == 503 and 'database' in json.loads(answer.text)['error'],
                     'a server that is down is 503', answer)
    report.check(service.get('/metrics').status == 200, 'the statistics need no server')
    relay.open()
    within_limit(lambda: service.get('/users').status == 200, 'it serves again when the server is back')
    report.check(service.add({'username': 'late'}).status == 201, 'what was refused can be added then')


def check_browser(report, service, folder):
    """A user of the page."""
    if not Browser.program():
        print('Chromium is not installed: the page is not tried in it')
        return
    try:
        started = Browser(folder)
    except (EOFError, OSError) as problem:
        print(f'Chromium does not start: the page is not tried in it ({problem})')
        return
    with contextlib.closing(started) as browser:
        browser.open(f'http://127.0.0.1:{service.port}/')
        report.check(browser.error() is None, 'the page opens without an error')
        browser.add_user('Grace <h1>', 'grace@example.org')
        first = browser.rows()[1]
        report.check(first[1:] == ['Grace <h1>', 'grace@example.org'], 'who is added stands in the table', first)
        count = len(browser.rows())
        browser.add_user('Grace <h1>', 'other@example.org')
        report.check('username' in (browser.error() or ''), 'a duplicate is told', browser.error())
        report.check(browser.evaluate('document.querySelector("[name=email]").value') == 'other@example.org',
                     'what was typed is still there')
        report.check(len(browser.rows()) == count, 'and nobody is added', browser.rows())


def check_end(report, service):
    """The statistics, and the end."""
    def in_use():
        return service.metrics()['pqscope_pool_connections_in_use{pool="default"}']

    numbers = service.metrics()
    report.check(in_use() == 0, 'no connection is in use at the end', numbers)
    report.check(1 <= numbers['pqscope_pool_connections{pool="default"}'] <= 8, 'there are at most eight', numbers)
    report.check(numbers['pqscope_pool_acquired_total{pool="default"}'] > 200, 'they were taken often', numbers)
    # A client that stays connected and asks for nothing.
    with contextlib.closing(http.client.HTTPConnection('127.0.0.1', service.port, timeout=LIMIT)) as idle:
        idle.request('GET', '/users/1')
        idle.getresponse().read()
        report.check(service.stop(signal.SIGTERM) == 0, 'SIGTERM ends it with exit code 0')
    report.check(service.process.stdout.read() == '', 'it prints nothing more')


def main():
    report = Checks()
    program = pathlib.Path(sys.argv[1]).resolve()
    database = Database(os.environ['PQSCOPE_TEST_URL'])
    relay = Relay(database)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        service = Service(program, folder, database, relay.port)
        try:
            check_answers(report, service)
            check_round_trips(report, service)
            check_vectors(report, service, database)
            check_page(report, service)
            check_parallel(report, service)
            check_trouble(report, service, database, relay)
            check_browser(report, service, folder / 'browser')
            check_end(report, service)
            service = Service(program, folder, database, relay.port)
            report.check(json.loads(service.get('/users/1').text)['username'] == 'ada', 'tables are kept')
            second = subprocess.run([program, str(service.port)], cwd=folder, capture_output=True, timeout=LIMIT)
            report.check(second.returncode == 1 and b'listened on' in second.stderr, 'a port is that of one', second)
            report.check(service.stop(signal.SIGINT) == 0, 'SIGINT ends it with exit code 0')
        finally:
            service.process.kill()
            service.process.wait()
            service.log.seek(0)
            if report.failed:
                print(service.log.read())
    report.end()


main()
