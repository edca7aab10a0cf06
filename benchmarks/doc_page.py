"""Pages of docs/ that benchmarks write: machine and commit that figures are of, tables, sections that scripts own."""
import datetime
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PERFORMANCE = os.path.join(ROOT, 'docs/performance.md')

HEAD = '''# Speed

Tenon beside PyPI onnxruntime and OpenVINO on the same cores. Written by scripts of `benchmarks/`, a section each, on an
idle machine:

```sh
tools/build.sh release
python=$(tests/python_env.sh build/venv-benchmarks benchmarks/requirements.txt)
$python benchmarks/compare.py --all --write      # Models
$python benchmarks/architectures.py --write      # Exported architectures; needs Debian's python3-torch and -torchvision
$python benchmarks/cold_start.py --write         # Cold start; as root, or with files that can be dropped from the cache
$python benchmarks/changing_shapes.py --write    # Shapes that change
benchmarks/gate.py HEAD~1 HEAD                   # whether a commit needs more instructions than another one
```

`benchmarks/gate.py` builds two commits and counts the instructions of a run of each model under callgrind, with
`isa=avx2`, which valgrind knows; it fails when one needs 2 % more than before. Instructions are the same from run to run,
to 0.1 %, however busy the machine is.
'''


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


def write_section(title, body):
    """Puts `## title` with the body into docs/performance.md, in the place of the one there, else at its end."""
    sections = []
    if os.path.exists(PERFORMANCE):
        with open(PERFORMANCE) as f:
            sections = f.read().split('\n## ')[1:]
    made = f'{title}\n\n{body}'
    places = [i for i, s in enumerate(sections) if s.split('\n', 1)[0] == title]
    if places:
        sections[places[0]] = made
    else:
        sections.append(made)
    with open(PERFORMANCE, 'w') as f:
        f.write('\n\n## '.join(s.strip() for s in [HEAD, *sections]) + '\n')
