#!/usr/bin/env python3
"""Times texts of a hundred different lengths in turn, beside the same lengths sorted and each repeated.

usage: changing_shapes.py [--models minilm,lstm_tagger] [--threads 1,2] [--rounds N] [--longest N] [--write]

To be: in turn at most 1.1 times as long as sorted, and no more memory afterwards than a session holds that only ever
ran the lengths up to half of the longest, times 1.5 and 4 MB. The session is one, in this process (tenon_session.py);
times are the smallest of the rounds, in which the orders run in turn. onnxruntime does the same in turn, beside it.
Exits with 1 when a figure is missed. --write makes a section of docs/performance.md of it.
"""
import argparse
import os
import random
import sys
import tempfile
import time

import doc_page
import live
import tenon_session
import workloads

LENGTHS, LIMIT = 100, 1.1
MEMORY_FACTOR, MEMORY_MORE = 1.5, 4e6


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', default='minilm,lstm_tagger', help='names of make_models.py that take texts')
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--longest', type=int, default=128, help='at least 100')
    parser.add_argument('--build', default=os.path.join(doc_page.ROOT, 'build/release'))
    parser.add_argument('--dir', default=os.path.join(doc_page.ROOT, 'build/benchmarks'), help='where models are kept')
    parser.add_argument('--write', action='store_true', help='write docs/performance.md')
    return parser.parse_args()


def anonymous_bytes():
    return live.kilobyte_lines('/proc/self/smaps_rollup')['Anonymous']


def timed(run, order):
    begin = time.perf_counter()
    for length in order:
        run(length)
    return time.perf_counter() - begin


def repeated(run, order):
    """Of a run of each length whose like went just before."""
    total = 0.0
    for length in order:
        run(length)
        total += timed(run, [length])
    return total


class Texts:
    """A model with inputs of each length."""

    def __init__(self, args, name):
        self.path, row = workloads.model_path(name, args.dir), workloads.row_of(name)
        self.lengths = random.Random(3).sample(range(1, args.longest + 1), LENGTHS)
        self.feeds = {n: workloads.make_feeds(self.path, row, {i: [1, n] for i in row.shapes}) for n in self.lengths}

    def onnxruntime(self, threads):
        """A function that runs a length."""
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(self.path, options, providers=['CPUExecutionProvider'])
        return lambda length: session.run(None, self.feeds[length])

    def tenon(self, library, threads, cache):
        session = tenon_session.Session(library, self.path, self.feeds[self.lengths[0]], threads=threads,
                                        cache_dir=cache)
        tensors = {n: session.tensors_of(feeds) for n, feeds in self.feeds.items()}
        return session, lambda length: session.run(tensors[length])


def memory_after(texts, library, threads, cache, lengths):
    """What a session holds after these lengths, beyond the process before it."""
    before = anonymous_bytes()
    session, run = texts.tenon(library, threads, cache)
    with session:
        timed(run, lengths)
        return anonymous_bytes() - before


def measure(args, texts, library, threads, cache):
    order = texts.lengths
    theirs = texts.onnxruntime(threads)
    session, run = texts.tenon(library, threads, cache)
    with session:
        ways = {'turn': lambda: timed(run, order), 'sorted': lambda: timed(run, sorted(order)),
                'repeated': lambda: repeated(run, order), 'onnxruntime': lambda: timed(theirs, order)}
        for way in ways.values():
            way()
        times = {name: [] for name in ways}
        for _ in range(args.rounds):
            for name, way in ways.items():
                times[name].append(way())
    least = {name: min(found) for name, found in times.items()}
    short = [n for n in order if n <= args.longest // 2]
    memory = {'short': memory_after(texts, library, threads, cache, short),
              'peak': memory_after(texts, library, threads, cache, [max(order)] + short * 3)}
    return least, memory


def row(name, threads, least, memory):
    """Cells, and whether the figures are met."""
    ratio = least['turn'] / least['sorted']
    wrong = ['time'] if ratio > LIMIT else []
    wrong += ['memory'] if memory['peak'] > MEMORY_FACTOR * max(memory['short'], 0) + MEMORY_MORE else []
    times = [f'{least[way] * 1e3:.1f}' for way in ('turn', 'sorted', 'repeated', 'onnxruntime')]
    return [name, threads, *times, f'{ratio:.3f}', f"{least['turn'] / least['repeated']:.3f}",
            f"{memory['peak'] / 1e6:.1f} / {memory['short'] / 1e6:.1f}", ', '.join(wrong) or 'met'], not wrong


def main():
    args = parse_arguments()
    library = tenon_session.load(os.path.join(args.build, 'lib/libtenon.so'))
    rows, met = [], True
    with tempfile.TemporaryDirectory(dir=args.dir) as cache:
        for name in args.models.split(','):
            texts = Texts(args, name)
            for threads in (int(t) for t in args.threads.split(',')):
                cells, is_met = row(name, threads, *measure(args, texts, library, threads, cache))
                rows.append(cells)
                met &= is_met
    import onnxruntime
    table = doc_page.table(['model', 'threads', 'in turn ms', 'sorted ms', 'repeated ms', 'onnxruntime in turn ms',
                            'in turn / sorted', 'in turn / repeated', 'MB after a peak / without', ''], rows)
    text = f'''{doc_page.header(onnxruntime)}

{LENGTHS} different lengths from 1 to {args.longest}, drawn once. In turn over sorted: at most {LIMIT}. Memory is
anonymous, beyond the process: of a session that ran the longest text and then shorter ones, of up to half of it, three
times, beside one that ran the shorter ones alone.

{table}'''
    print(text)
    if args.write:
        doc_page.write_section('Shapes that change', text)
    return 0 if met else 1


if __name__ == '__main__':
    sys.exit(main())
