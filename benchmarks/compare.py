#!/usr/bin/env python3
"""Runs PyPI onnxruntime and Tenon in turn on the same models, threads and inputs, and compares latency and outputs.

usage: compare.py [--models resnet50,minilm] [--threads 1,2] [--runs N] [--rounds N] [--shape NAME=1x128]... [--write]
       compare.py --all [--models NAME,...] [--threads 1,2] [--isa native,avx2] [--runs N] [--rounds N] [--write]

Each round runs onnxruntime, then Tenon, each in a process of its own with its warm-up runs left out; the table gives
the smallest latency and the median over all rounds, and Tenon's as a multiple of onnxruntime's. Outputs must agree
within 1e-3 of onnxruntime's largest value, with the same top-1. Exits with 1 when they do not.

--all takes the workloads of workloads.py (or those of the models named), with OpenVINO in turn too, and all three kept
to AVX2 as well; it tells peak memory, what ran on cpu_ref and which figures are met, and --write makes the first
section of docs/performance.md of it. On an idle machine that takes about 20 minutes; --runs, --rounds, --isa and
--models shorten it.

A name without a file under --dir is made by make_models.py; a path to an .onnx file is taken as it is. Needs PyPI onnx,
onnxruntime and numpy (--all: benchmarks/requirements.txt), and build/release/tools/tenon.
"""
import argparse
import os
import sys
import tempfile

import numpy as np

import doc_page
import performance
import sides
from doc_page import ROOT, commit, machine  # for other scripts, too
from workloads import model_path


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--all', action='store_true', help='the workloads of docs/performance.md')
    parser.add_argument('--models', help='names of make_models.py or paths, by commas (resnet50,minilm; --all: all)')
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--isa', default='native,avx2', help='what sides are kept to, with --all')
    parser.add_argument('--runs', type=int, help='timed runs of a side in a round (20; --all: 10, small models more)')
    parser.add_argument('--rounds', type=int, help='(3; --all: 2)')
    parser.add_argument('--shape', action='append', default=[], metavar='NAME=1x128',
                        help="an input's shape where the model leaves it open; others have those of make_models.py")
    parser.add_argument('--providers', default='cpu_blas,cpu_ref', help='as for tenon --providers')
    parser.add_argument('--tenon', default=os.path.join(ROOT, 'build/release/tools/tenon'))
    parser.add_argument('--dir', default=os.path.join(ROOT, 'build/benchmarks'), help='where the models are kept')
    parser.add_argument('--write', action='store_true', help='write docs/benchmarks.md, or docs/performance.md')
    args = parser.parse_args()
    args.runs = args.runs or (10 if args.all else 20)
    args.rounds = args.rounds or (2 if args.all else 3)
    return args


def same_top(expected, actual):
    """Of each row of outputs that are lists or tables."""
    return all(np.array_equal(want.argmax(-1), actual.get(name.replace('/', '_'), want[:0]).argmax(-1))
               for name, want in expected.items() if 0 < want.ndim <= 2)


def compare_model(args, name, shapes):
    """Rows of the table for one model, and whether its outputs agree."""
    peer, tenon = sides.Peer('onnxruntime'), sides.Tenon(args.tenon, providers=args.providers)
    with tempfile.TemporaryDirectory() as folder:
        case = sides.case_of(name, args.dir, folder, shapes)
        expected, actual = peer.outputs(case), tenon.outputs(case)
        difference = sides.difference(expected, actual)
        same = difference < float('inf') and same_top(expected, actual)
        rows = []
        for threads in [int(t) for t in args.threads.split(',')]:
            found = [(peer.time(case, threads, args.runs), tenon.time(case, threads, args.runs))
                     for _ in range(args.rounds)]
            theirs, ours = (sides.Timed.all_of(times) for times in zip(*found))
            rows.append((os.path.basename(name), threads, theirs.median, ours.median, ours.median / theirs.median,
                         theirs.least, ours.least, ours.least / theirs.least, difference,
                         'same' if same else 'DIFFERS'))
    return rows, difference <= 1e-3 and same


def table(rows):
    head = ('model', 'threads', 'onnxruntime p50 ms', 'Tenon p50 ms', 'ratio', 'onnxruntime min ms', 'Tenon min ms',
            'ratio', 'difference', 'top-1')
    return doc_page.table(head, [[*r[:2], *(f'{x:.2f}' for x in r[2:8]), f'{r[8]:.1e}', r[9]] for r in rows])


def write(text):
    """The first section of docs/benchmarks.md; others belong to other scripts."""
    path = os.path.join(ROOT, 'docs/benchmarks.md')
    with open(path) as f:
        others = ''.join(f.read().partition('\n## ')[1:])
    with open(path, 'w') as f:
        f.write('# Benchmarks\n\nLatency beside PyPI onnxruntime on the CPU, float, by `benchmarks/compare.py '
                f'--write`: the two run in turn on\nthe same model, threads and inputs.\n\n{text}\n\n'
                '`ratio` is Tenon over onnxruntime: below 1 is faster. `difference` is the largest deviation of an '
                'output from\nonnxruntime\'s, relative to the largest value.\n' + others)


def main():
    args = parse_arguments()
    if args.all:
        return performance.run_all(args)
    shapes = {n: [int(d) for d in s.split('x')] for n, s in (a.split('=', 1) for a in args.shape)}
    rows, agree = [], True
    for name in (args.models or 'resnet50,minilm').split(','):
        found, same = compare_model(args, name, shapes)
        rows += found
        agree &= same
        print(f'{name}: done', file=sys.stderr)
    import onnxruntime
    text = f'{doc_page.header(onnxruntime)}\n\n{table(rows)}'
    print(text)
    if args.write:
        write(text)
    return 0 if agree else 1


if __name__ == '__main__':
    sys.exit(main())
