#!/usr/bin/env python3
"""Times the first result of a process whose model and pack are not in the page cache, beside reading the pack once.

usage: cold_start.py [--models resnet50,minilm] [--rounds N] [--threads N] [--everything] [--write]

To be: `tenon run`, cold, takes at most 1.3 times as long as reading the pack's bytes once and a warm run together.
Cold means that the model's files and the pack were dropped by posix_fadvise; --everything has the kernel drop all that
it keeps of files, programs and libraries among it, which needs root. In each round all ways run in turn; figures are
medians. onnxruntime is a Python process, of which opening the model and the first run count, without the start of
Python and the import; the same of Tenon stands beside it. Exits with 1 when the figure is missed. --write makes a
section of docs/performance.md of it.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import doc_page
import sides

LIMIT = 1.3

ORT_START = '''
import json, sys, time
import numpy as np, onnxruntime as ort
feeds = dict(np.load(sys.argv[2]))
options = ort.SessionOptions()
options.intra_op_num_threads = int(sys.argv[3])
options.log_severity_level = 3
begin = time.perf_counter()
ort.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider']).run(None, feeds)
print(time.perf_counter() - begin)
'''


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', default='resnet50,minilm', help='names of make_models.py or paths, by commas')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--everything', action='store_true', help='drop all of the page cache')
    parser.add_argument('--tenon', default=os.path.join(doc_page.ROOT, 'build/release/tools/tenon'))
    parser.add_argument('--dir', default=os.path.join(doc_page.ROOT, 'build/benchmarks'),
                        help='where the models are kept and, meanwhile, the pack: a disk, no memory')
    parser.add_argument('--write', action='store_true', help='write docs/performance.md')
    return parser.parse_args()


class Start:
    """The ways to a first result; all of them give seconds."""

    def __init__(self, args, case, cache):
        self.args, self.case = args, case
        self.environment = {**os.environ, 'XDG_CACHE_HOME': cache}
        self.run()  # leaves the pack
        self.packs = glob.glob(os.path.join(cache, '**/*.tpack'), recursive=True)
        if not self.packs:
            sys.exit(f'{case.path}: the first run left no pack')
        model = os.path.realpath(case.path)
        self.files = self.packs + [model] + glob.glob(model + '.data')
        os.sync()  # what is not written yet cannot be dropped

    def drop(self):
        if self.args.everything:
            with open('/proc/sys/vm/drop_caches', 'w') as f:
                f.write('1')
        for path in self.files:
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)

    def read(self):
        """The pack's bytes, once, into the same buffer."""
        buffer = bytearray(1 << 20)
        begin = time.perf_counter()
        for path in self.packs:
            with open(path, 'rb', buffering=0) as f:
                while f.readinto(buffer):
                    pass
        return time.perf_counter() - begin

    def run(self, *more):
        command = [self.args.tenon, 'run', self.case.path, '--report', 'none', '--threads', str(self.args.threads),
                   *self.case.inputs, *more]
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=self.environment)
        return time.perf_counter() - begin

    def open_and_run(self):
        command = [self.args.tenon, 'bench', self.case.path, '--json', '--runs', '1', '--warmup', '0', '--threads',
                   str(self.args.threads), *self.case.inputs]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=self.environment)
        figures = json.loads(done.stdout)
        return (figures['open_ms'] + figures['first_run_ms']) / 1e3

    def onnxruntime(self):
        command = [sys.executable, '-c', ORT_START, self.case.path, self.case.feeds_file, str(self.args.threads)]
        return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)

    def cold(self, way, *more):
        self.drop()
        return way(*more)

    def medians(self):
        ways = {
            'warm': self.run,
            'read': lambda: self.cold(self.read),
            'cold': lambda: self.cold(self.run),
            'prefetch, cold': lambda: self.cold(self.run, '--prefetch'),
            'prefetch, warm': lambda: self.run('--prefetch'),
            'within, cold': lambda: self.cold(self.open_and_run),
            'within, warm': self.open_and_run,
            'onnxruntime, cold': lambda: self.cold(self.onnxruntime),
            'onnxruntime, warm': self.onnxruntime,
        }
        times = {name: [] for name in ways}
        for _ in range(self.args.rounds):
            for name, way in ways.items():
                times[name].append(way())
        return {name: statistics.median(found) for name, found in times.items()}


def row(name, m, pack_bytes):
    """Cells, and whether the figure is met."""
    ratio = m['cold'] / (m['read'] + m['warm'])
    prefetched = m['prefetch, cold'] / (m['read'] + m['warm'])

    def pair(which):
        return f"{m[which + ', cold']:.3f} / {m[which + ', warm']:.3f}"
    cells = [name, f'{pack_bytes / 1e6:.0f}', f"{m['read']:.3f}", f"{m['cold']:.3f} / {m['warm']:.3f}", f'{ratio:.2f}',
             pair('prefetch'), f'{prefetched:.2f}', pair('within'), pair('onnxruntime'),
             'met' if ratio <= LIMIT else 'MISSED']
    return cells, ratio <= LIMIT


def main():
    args = parse_arguments()
    rows, met = [], True
    for name in args.models.split(','):
        with tempfile.TemporaryDirectory(dir=args.dir) as scratch:
            case = sides.case_of(name, args.dir, scratch, {})
            start = Start(args, case, os.path.join(scratch, 'cache'))
            size = sum(map(os.path.getsize, start.packs))
            cells, is_met = row(name, start.medians(), size)
        rows.append(cells)
        met &= is_met
        print(f'{name}: done', file=sys.stderr)
    import onnxruntime
    table = doc_page.table(['model', 'pack MB', 'reading it s', '`tenon run` s, cold / warm', 'ratio', '`--prefetch` s',
                            'ratio', 'open and run within s', 'onnxruntime within s', ''], rows)
    text = f'''{doc_page.header(onnxruntime)}; {args.threads} threads; {args.rounds} rounds

`ratio`: a cold `tenon run` over reading the pack once plus a warm run; at most {LIMIT}. `within` a process: without its
start, libraries and the import of Python's modules. {"All of the page cache was dropped."
if args.everything else "Dropped from the page cache were the model's files and the pack."}

{table}'''
    print(text)
    if args.write:
        doc_page.write_section('Cold start', text)
    return 0 if met else 1


if __name__ == '__main__':
    sys.exit(main())
