#!/usr/bin/env python3
"""Compares two commits by the instructions that a run of each model takes, so that noise cannot hide a regression.

usage: gate.py OLD NEW [--models squeezenet,minilm] [--limit 1.02] [--json]

OLD and NEW are commits, which are built below build/gate, or build folders. Each model runs under callgrind, with one
thread and isa=avx2, since valgrind knows no AVX-512; only what happens within the C API's tenon_session_run counts. A
steady run is what a process with one run more takes more; the first run of a session is told, too. Counts are the same
from process to process, whatever else runs; under callgrind a run takes about a hundred times as long. Exits with 1
when a steady run of NEW takes more than --limit times OLD's.

Memory traffic, caches and clock speed do not count: compare.py times these. Needs valgrind; a model that is not a path
needs what compare.py needs.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = 'squeezenet,mobilenet_v3,ocr_recognizer,minilm,lstm_tagger'


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('old')
    parser.add_argument('new')
    parser.add_argument('--models', default=MODELS, help='names of make_models.py or paths, by commas')
    parser.add_argument('--limit', type=float, default=1.02, help="of NEW's instructions over OLD's (default 1.02)")
    parser.add_argument('--providers', default='cpu_blas:isa=avx2,cpu_ref', help='as for tenon --providers')
    parser.add_argument('--dir', default=os.path.join(ROOT, 'build/benchmarks'), help='where the models are kept')
    parser.add_argument('--json', action='store_true', help='print JSON')
    return parser.parse_args()


def built(which):
    """The command of a build folder, or of a commit, whose files are taken out and built once."""
    command = os.path.join(which, 'tools/tenon')
    if os.path.exists(command):
        return command
    name = subprocess.run(['git', '-C', ROOT, 'rev-parse', '--verify', '--quiet', which + '^{commit}'],
                          capture_output=True, text=True).stdout.strip()
    if not name:
        sys.exit(f"'{which}' is neither a build folder, which has tools/tenon, nor a commit")
    folder = os.path.join(ROOT, 'build/gate', name[:12])
    command = os.path.join(folder, 'build/release/tools/tenon')
    if not os.path.exists(command):
        os.makedirs(folder, exist_ok=True)
        files = subprocess.run(['git', '-C', ROOT, 'archive', name], check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(['tar', '-x', '-C', folder], check=True, input=files)
        subprocess.run([os.path.join(folder, 'tools/build.sh'), 'release', 'tenon_tool', 'cpu_blas', 'cpu_ref'],
                       check=True, stdout=subprocess.DEVNULL)
    return command


def model_inputs(name, folder, scratch):
    """The path of a model and the options that give it inputs."""
    if os.path.exists(name):
        return name, ['--fill', 'ones']
    import sides
    case = sides.case_of(name, folder, scratch, {})
    return case.path, case.inputs


def collected(command, scratch):
    """Instructions within runs of a session."""
    counts = os.path.join(scratch, 'callgrind.out')
    done = subprocess.run(['valgrind', '--tool=callgrind', '--toggle-collect=tenon_session_run*',
                           f'--callgrind-out-file={counts}', *command], capture_output=True, text=True,
                          env={**os.environ, 'XDG_CACHE_HOME': os.path.join(scratch, 'cache')})
    found = re.search(r'Collected : (\d+)', done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return int(found[1])


def instructions(tenon, args, path, inputs):
    """Of the first run of a session, and of a later one."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [tenon, 'bench', path, '--json', '--threads', '1', '--warmup', '0', '--providers', args.providers,
                   *inputs]
        two, three = (collected(command + ['--runs', str(runs)], scratch) for runs in (1, 2))  # after the first
        return two - (three - two), three - two


def main():
    args = parse_arguments()
    commands = [built(args.old), built(args.new)]
    rows = []
    for name in args.models.split(','):
        with tempfile.TemporaryDirectory() as scratch:
            path, inputs = model_inputs(name, args.dir, scratch)
            with concurrent.futures.ThreadPoolExecutor() as both:  # counts do not mind what else runs
                (old_first, old), (new_first, new) = both.map(lambda c: instructions(c, args, path, inputs), commands)
        rows.append({'model': os.path.basename(name), 'old': old, 'new': new, 'ratio': new / old,
                     'first_ratio': new_first / old_first, 'passes': new / old <= args.limit})
        if not args.json:
            print('{model:24} {old:15,} -> {new:15,} instructions, ratio {ratio:.4f}, first run {first_ratio:.4f}'
                  .format(**rows[-1]) + ('' if rows[-1]['passes'] else '  ABOVE THE LIMIT'), flush=True)
    if args.json:
        print(json.dumps(rows, indent=2))
    return 0 if all(row['passes'] for row in rows) else 1


if __name__ == '__main__':
    sys.exit(main())
