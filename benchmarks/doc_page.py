"""Pages of docs/ that benchmarks write: machine and commit that figures are of, tables, sections that scripts own."""
import datetime
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PERFORMANCE = os.path.join(ROOT, 'docs/performance.md')


def machine():
    with open('/proc/cpuinfo') as f:
        fields = dict([p.strip() for p in line.split(':', 1)] for line in f if ':' in line)
    flags = fields.get('flags', '').split()
    widest = next((n for n in ('amx_tile', 'avx512f', 'avx2') if n in flags), '')
    family = f"family {fields.get('cpu family')} model {fields.get('model')} {widest}"
    return f"{fields.get('model name', os.uname().machine)} ({family}), {os.cpu_count()} CPUs"


def has_avx512():
    with open('/proc/cpuinfo') as f:
        return any(line.startswith('flags') and 'avx512f' in line for line in f)


def commit():
    result = subprocess.run(['git', '-C', ROOT, 'describe', '--always', '--dirty'], capture_output=True, text=True)
    return result.stdout.strip() or 'unknown commit'


def header(*modules):
    """CPU, versions, commit and date, in a line."""
    versions = [f"{m.__name__} {m.__version__.split('-')[0]}" for m in modules]
    return '; '.join([machine(), *versions, f'Tenon {commit()}', str(datetime.date.today())])


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(map(str, row)) + ' |' for row in rows])


def write_section(title, body, path=PERFORMANCE):
    """Puts `## title` with the body into the page, in the place of the one that is there, else at its end."""
    text = ''
    if os.path.exists(path):
        with open(path) as f:
            text = f.read()
    head, *sections = text.split('\n## ')
    sections = [s for s in sections if s.strip()]
    made = f'{title}\n\n{body.strip()}\n'
    places = [i for i, s in enumerate(sections) if s.split('\n', 1)[0] == title]
    if places:
        sections[places[0]] = made
    else:
        sections.append(made)
    with open(path, 'w') as f:
        f.write('\n\n## '.join(s.strip() for s in [head, *sections]) + '\n')
