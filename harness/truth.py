#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# truth.py: compares what the documentation says with the sources and with bench/results, as far as
# a machine can. Prints one line per difference; part of make check.
#
# Figures in README.md: a table row may name rows of bench/results in a comment:
#	| a request while helpers sleep <!-- sleepers1000_latency --> | none in 20 s | 0.17 ms |
# Its last two cells must be the rounded values of these rows, separated by commas.
import csv
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUIDE = 'Documentation/kmod.txt'
PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'harness/README.md',
         'bench/README.md', 'shim/README.md', 'model/README.md', GUIDE,
         'Documentation/admin-guide/LSM/autoload.rst']
# Seconds, bytes and so on per unit of bench/results
UNITS = {'us': 1e-6, 'ns': 1e-9}
CELL_UNITS = {'s': 1, 'ms': 1e-3, 'us': 1e-6, 'ns': 1e-9}
# The end of a command: another command, a redirection or a comment
SHELL = re.compile(r'[|;&>]|\s#\s')


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def sources(*folders):
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(ROOT, folder, '**', '*.[ch]'),
                                     recursive=True)):
            path = os.path.relpath(path, ROOT)
            if '/tests/' not in path:
                yield path, read(path)


KERNEL = list(sources('kernel', 'security/autoload', 'include'))
problems = []


def problem(path, text):
    problems.append(f'{path}: {text}')


# Figures

def rounds_to(value, text):
    digits = len(text.split('.')[1]) if '.' in text else 0
    return abs(value - float(text)) <= 0.5 * 10 ** -digits * 1.0000001


def figure_is(cell, value, unit):
    match = re.fullmatch(r'(none in )?([0-9.]+)(?: (s|ms|us|ns))?', cell.strip())
    if not match:
        return False
    if match[3]:
        value = float(value) * UNITS.get(unit, 1) / CELL_UNITS[match[3]]
    # A time limit: the request returned after it, if at all.
    return rounds_to(float(value), match[2]) or \
        bool(match[1]) and float(match[2]) <= value < 1.1 * float(match[2])


def check_figures():
    rows = {row['row']: row for row in csv.DictReader(
        read('bench/results/6.12.csv').splitlines())}
    seen = 0
    for line in read('README.md').splitlines():
        match = re.search(r'<!-- ([a-z0-9_ ]+) -->', line)
        if not match or 'make' in match[1].split():
            continue
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')][-2:]
        for cell, column in zip(cells, ('unpatched', 'here')):
            figures = cell.split(', ')
            names = match[1].split()
            if len(figures) != len(names):
                problem('README.md', f"'{cell}': expected {len(names)} figures")
                continue
            for figure, name in zip(figures, names):
                seen += 1
                if name not in rows:
                    problem('README.md', f'{name}: not in bench/results')
                elif not figure_is(figure, rows[name][column], rows[name]['unit']):
                    problem('README.md', f"{name}: '{figure}', but bench/results has "
                            f"{rows[name][column]} {rows[name]['unit']}")
    if not seen:
        problem('README.md', 'no figures of bench/results')


# Messages

def arguments(text, start):
    """Splits the arguments of a call; start is behind the opening parenthesis."""
    result, depth, quoted, begin = [], 0, False, start
    for i in range(start, len(text)):
        char = text[i]
        if quoted:
            quoted = char != '"' or text[i - 1] == '\\'
        elif char == '"':
            quoted = True
        elif char in '([{':
            depth += 1
        elif char in ')]}' and depth:
            depth -= 1
        elif char == ')' or char == ',' and not depth:
            result.append(text[begin:i].strip())
            begin = i + 1
            if char == ')':
                break
    return result


def literals(text):
    return [match.replace('\\n', '') for match in re.findall(r'"((?:[^"\\]|\\.)*)"', text)]


def returned_errors(path):
    """The error messages of the parsers in the same folder."""
    folder = os.path.dirname(path)
    return {text for name, source in KERNEL if os.path.dirname(name) == folder
            for text in literals(' '.join(re.findall(
                r'(?:return|define AUTOLOAD_\w+|^)\s+(?:[^;"]*\?\s*)?"[^"]*"', source, re.M)))}


def message_patterns(path, prefix, fmt, args):
    """One regular expression for each text that the format can have."""
    alternatives = ['']
    position = 0
    args = list(args)
    for match in re.finditer(r'%(?:%|[-+ #0-9.]*(\*?)(?:hh|h|ll|l|z)?([a-zA-Z])([A-Za-z]?))',
                             fmt):
        plain = re.escape(fmt[position:match.start()])
        position = match.end()
        tail = ''
        choices = ['.+']
        if match[0] != '%%':
            if match[1]:
                args.pop(0)
            arg = args.pop(0) if args else ''
            if match[2] != 'p' and match[3]:
                tail = re.escape(match[3])
            if match[2] == 's' and '?' in arg and len(literals(arg)) >= 2:
                choices = [re.escape(text) for text in literals(arg)]
            elif match[2] == 's' and arg == 'error':
                choices = ['(?:' + '|'.join(re.escape(text) for text in
                                            sorted(returned_errors(path))) + ')']
            elif match[2] in 'du':
                choices = ['\\d+']
            elif match[2] == 's':
                choices = ['.*']
        alternatives = [text + plain + choice + tail for text in alternatives
                        for choice in choices]
    return [re.escape(prefix) + text + re.escape(fmt[position:]) for text in alternatives]


def printed_messages():
    for path, text in KERNEL:
        prefix = re.search(r'#define pr_fmt\(fmt\) "([^"]*)"', text)
        for match in re.finditer(r'\b(pr_\w+?|panic|printk\w*)\(\s*(?=")', text):
            if match[1] == 'printk_deferred_enter':
                continue
            args = arguments(text, match.end())
            fmt = ''.join(literals(args[0]))
            if fmt == '%s':
                # The first part of the line that is built elsewhere in the file
                call = re.search(r'_printf\(line, (?="[^ ])', text)
                args = arguments(text, call.end())
                fmt = ''.join(literals(args[0]))
                for pattern in message_patterns(path, prefix[1], fmt, args[1:]):
                    yield path, pattern + '.*'
                continue
            before = prefix[1] if prefix and match[1].startswith('pr_') else ''
            for pattern in message_patterns(path, before, fmt, args[1:]):
                yield path, pattern


def documented_messages():
    text = read(GUIDE)
    section = text[text.index('\nLog messages\n'):]
    section = section[:re.search(r'\n\n[^\n]+\n={5,}\n', section).start()]
    for block in re.findall(r'^::\n\n((?:    .*\n)+)', section, re.M):
        yield re.sub(r'\s*\n\s+', ' ', block.strip())


def check_messages():
    patterns = list(printed_messages())
    texts = list(documented_messages())
    if len(texts) < 10 or len(patterns) < 10:
        problem(GUIDE, 'no messages found')
    for text in texts:
        if not any(re.fullmatch(pattern, text) for _, pattern in patterns):
            problem(GUIDE, f'no source prints: {text}')
    for path, pattern in patterns:
        if not any(re.fullmatch(pattern, text) for text in texts):
            problem(path, f'not in "Log messages" of {GUIDE}: {pattern}')


# Settings

def value_of(expression):
    """The value of a constant, or None."""
    expression = expression.strip().lstrip('&')
    if expression in ('SYSCTL_ZERO', 'SYSCTL_ONE', 'SYSCTL_TWO'):
        return ('SYSCTL_ZERO', 'SYSCTL_ONE', 'SYSCTL_TWO').index(expression)
    if re.fullmatch(r'[0-9 *+]+', expression):
        return eval(expression)  # digits, + and * only
    if not re.fullmatch(r'\w+', expression):
        return None
    if expression in ('true', 'false'):
        return int(expression == 'true')
    for _, text in KERNEL:
        match = re.search(rf'#define {expression}\s+(.+)', text)
        if match:
            return value_of(match[1])
        match = re.search(rf'^(?:static )?(?:unsigned int|bool|int) {expression}'
                          r'(?: __\w+)?(?: = ([^;]+))?;', text, re.M)
        if match:
            return value_of(match[1]) if match[1] else 0
    return None


def table_of_settings():
    """Name, default, range and writers of each row; cells continue in rows without a name."""
    text = read(GUIDE)
    start = text.index('\nSettings\n')
    lines = text[start:].splitlines()
    borders = [i for i, line in enumerate(lines) if re.fullmatch(r'=+( +=+)+', line)]
    columns = [match.span() for match in re.finditer('=+', lines[borders[0]])]
    rows = []
    for line in lines[borders[1] + 1:borders[2]]:
        cells = [line[a:b if i < 3 else None].strip() for i, (a, b) in enumerate(columns)]
        if cells[0].endswith(':'):
            continue
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [' '.join((old, new)).strip() for old, new in zip(rows[-1], cells)]
    result = {}
    for cells in rows:
        cells[0] = cells[0].strip('`')
        if cells[3].startswith('the same'):
            cells[3] = previous + cells[3][len('the same'):]
        previous = cells[3]
        result[cells[0]] = cells[1:]
    return result


def sysctls():
    for path, text in KERNEL:
        for table in re.finditer(r'struct ctl_table \w+\[\] = \{(.*?)\n\};', text, re.S):
            registered = re.search(r'register_sysctl_init\("([^"]+)"', text)[1]
            for entry in re.findall(r'\{(.*?)\}', table[1], re.S):
                fields = dict(re.findall(r'\.(\w+)\s*=\s*([^,]+),', entry))
                name = fields['procname'].strip('"')
                yield path, text, registered.replace('/', '.') + '.' + name, fields


def check_setting(table, path, name, default=None, limits=None, caps=()):
    if name not in table:
        problem(path, f'{name}: not in the table of settings in {GUIDE}')
        return
    row = table.pop(name)
    for what, found, expected in (('default', row[0], default), ('range', row[1], limits)):
        if expected is not None and found != expected:
            problem(GUIDE, f"{name}: {what} '{found}', but {path} has '{expected}'")
    found = set(re.findall(r'CAP_\w+', row[2]))
    if found != set(caps):
        problem(GUIDE, f"{name}: writable with {sorted(found)}, but {path} checks {sorted(caps)}")


def range_text(low, high):
    if low is None:
        return None
    return f'{low} or more' if high is None else f'{low} to {high}'


def check_settings():
    table = table_of_settings()
    for path, text, name, fields in sysctls():
        handler = re.search(rf'\n(?:static )?int {fields["proc_handler"]}\(.*?\n\}}', text, re.S)
        caps = re.findall(r'capable\((CAP_\w+)\)', handler[0]) if handler else []
        default, limits = None, None
        if 'extra1' in fields:
            default = str(value_of(fields['data']))
            limits = range_text(value_of(fields['extra1']),
                                value_of(fields['extra2']) if 'extra2' in fields else None)
        elif fields.get('maxlen') == 'KMOD_PATH_LEN':
            limits = f'up to {value_of("KMOD_PATH_LEN") - 1} bytes'
        check_setting(table, path, name, default, limits, caps)
    for path, text in KERNEL:
        for param, variable in re.findall(r'module_param_cb\((\w+), &\w+, &(\w+)', text):
            check_setting(table, path, f'kmod.{param}=', str(value_of(variable)))
        for name in re.findall(r'\{ "(\w+)", &kmod_\w+_fops', text):
            check_setting(table, path, name, None, 'read only')
        for name, size, locked in re.findall(
                r'struct autoload_file \w+ = \{\s*"(\w+)", (\w+),[^}]*?(true|false)\s*\}',
                text):
            limits = {'SZ_64K': 'up to 64 KiB', 'SZ_1M': 'up to 1 MiB'}.get(size)
            check_setting(table, path, name, None, limits, ['CAP_SYS_MODULE'])
            row = table_of_settings().get(name)
            if row and name != 'lock' and ('until locked' in row[2]) != (locked == 'true'):
                problem(GUIDE, f'{name}: writable {row[2]}, but {path} has {locked}')
    for name in table:
        problem(GUIDE, f'{name}: no source has this setting')


# Commands, paths and links

def kmodctl_commands():
    """The options of each command of kmodctl."""
    text = read('tools/kmod/main.c')
    options = {}
    for name, code, long_name in re.findall(r'(opt_\w+) = \{ ([^,]+), "([^"]+)"', text):
        options[name] = {'--' + long_name} | ({'-' + code[1]} if code[0] == "'" else set())
    options['TABLES'] = set()
    for name in re.findall(r'&(opt_\w+)', re.search(r'#define TABLES(.*)', text)[1]):
        options['TABLES'] |= options[name]
    commands = {'help': {'--help', '-h'}}
    body = text[text.index('} commands[] = {'):]
    body = body[:body.index('\n};')]
    for name, rest in re.findall(r'\{ "([a-z ]+)", cmd_\w+,(.*?)\} \}', body, re.S):
        commands[name] = set()
        for option in re.findall(r'&(opt_\w+)|\b(TABLES)\b', rest):
            commands[name] |= options[option[0] or option[1]]
    return commands


def check_kmodctl(path, command, commands):
    words = SHELL.split(command)[0].split()[1:]
    if not words or words == ['--version'] or not re.match(r'[a-z]', words[0]):
        return
    name = words.pop(0)
    if name == 'policy' and words and re.match(r'[a-z]', words[0]):
        name += ' ' + words.pop(0)
    elif name == 'policy':
        return
    if name not in commands:
        problem(path, f"'{command}': no such command of kmodctl")
        return
    for word in words:
        word = re.match(r'(--[a-z][-a-z]*|-[a-z](?![-\w]))?', word.rstrip('`,.'))[0]
        if word and word not in commands[name]:
            problem(path, f"'{command}': no such option: {word}")


def commands_in(text, program):
    """Commands in indented blocks and between backquotes"""
    for line in re.findall(r'^(?:    |\t)(?:[#$] )?(.*)', text, re.M):
        for part in re.split(r'&&', line):
            if part.strip().startswith(program + ' '):
                yield re.sub(r'\s+#.*', '', part.strip())
    for quoted in re.findall(r'`+([^`]+)`+', text):
        if quoted.startswith(program + ' '):
            yield ' '.join(quoted.split())


def check_commands():
    targets = set(re.findall(r'^([a-z][-a-z]*):', read('Makefile'), re.M))
    variables = set(re.findall(r'\$\{?([A-Z_]+)', ' '.join(
        read(os.path.relpath(name, ROOT)) for pattern in ('harness/**/*', 'bench/*', 'Makefile')
        for name in glob.glob(os.path.join(ROOT, pattern), recursive=True)
        if os.path.isfile(name) and not name.endswith(('.svg', '.csv', '.pyc')))))
    commands = kmodctl_commands()
    if len(commands) < 10 or len(targets) < 20:
        problem('harness/truth.py', 'commands or targets were not found')
    for path in PAGES:
        text = read(path)
        for command in commands_in(text, 'kmodctl'):
            check_kmodctl(path, command, commands)
        if not path.endswith('.md'):
            continue
        for command in commands_in(text, 'make'):
            for word in SHELL.split(command)[0].split()[1:]:
                name, equals, _ = word.partition('=')
                if equals and name not in variables:
                    problem(path, f"'{command}': no script reads {name}")
                if not equals and re.fullmatch(r'[a-z][-a-z]*', word) and word not in targets:
                    problem(path, f"'{command}': no target {word}")
    listed = set(re.findall(r'`make ([-a-z]+)', read('harness/README.md') + read('README.md')))
    for target in sorted(targets - listed - {'help', 'model-breaks', 'shim-breaks', 'fuzz'}):
        problem('harness/README.md', f'make {target} is missing')


def check_links():
    folders = '|'.join(('Documentation', 'bases', 'bench', 'harness', 'include', 'kernel',
                        'model', 'security', 'series', 'shim', 'tools'))
    for path in PAGES:
        if not path.endswith('.md'):
            continue
        text = read(path)
        folder = os.path.dirname(path)
        for link in re.findall(r'\]\(([^)#:]+)(?:#[^)]*)?\)', text):
            if not os.path.exists(os.path.join(ROOT, folder, link)):
                problem(path, f'broken link: {link}')
        for word in re.findall(rf'`((?:{folders})/[^`\s]*)', text):
            for name in expand(word):
                # NEW and <version> stand for a folder. Upstream files are patched.
                places = [re.sub(r'<\w+>|NEW/.*', '*', name), os.path.join(folder, name),
                          f'bases/*/touch-points/{name.replace("/", "-")}.patch']
                if not any(glob.glob(os.path.join(ROOT, place)) for place in places):
                    problem(path, f'no such file: {name}')


def expand(name):
    """Expands {a,b} as the shell does."""
    match = re.search(r'\{([^}]*)\}', name)
    if not match:
        return [name]
    return [text for word in match[1].split(',')
            for text in expand(name[:match.start()] + word + name[match.end():])]


for check in (check_figures, check_messages, check_settings, check_commands, check_links):
    check()
print('\n'.join(problems), end='\n' if problems else '')
sys.exit(bool(problems))
