#!/usr/bin/env python3
"""Runs PyPI onnxruntime and Tenon in turn on the same models, threads and inputs, and compares latency and outputs.

usage: compare.py [--models resnet50,minilm] [--threads 1,2] [--runs N] [--rounds N] [--shape NAME=1x128]... [--write]

Each round runs onnxruntime, then Tenon, each in a process of its own with its warm-up runs left out; the table gives
the smallest latency and the median over all rounds, and Tenon's as a multiple of onnxruntime's. Outputs must agree
within 1e-3 of onnxruntime's largest value, with the same top-1. Exits with 1 when they do not.

A name without a file under --dir is made by make_models.py; a path to an .onnx file is taken as it is. Needs PyPI onnx,
onnxruntime and numpy, and build/release/tools/tenon.
"""
import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

import make_models

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MINILM_SHAPE = {n: [1, 128] for n in ('input_ids', 'attention_mask', 'token_type_ids')}

ORT_RUN = '''
import json, sys, time
import numpy as np, onnxruntime as ort
model, feeds, out, threads, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
options = ort.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
options.log_severity_level = 3
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
inputs = dict(np.load(feeds))
results = session.run(None, inputs)
np.savez(out, **{o.name: r for o, r in zip(session.get_outputs(), results)})
session.run(None, inputs)
times = []
for _ in range(runs):
    begin = time.perf_counter()
    session.run(None, inputs)
    times.append((time.perf_counter() - begin) * 1e3)
print(json.dumps(times))
'''


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', default='resnet50,minilm', help='names of make_models.py or paths, by commas')
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--runs', type=int, default=20, help='timed runs of each side in a round')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--shape', action='append', default=[], metavar='NAME=1x128',
                        help="an input's shape where the model leaves it open (minilm: 1x128 by default)")
    parser.add_argument('--providers', default='cpu_blas', help='as for tenon --providers')
    parser.add_argument('--tenon', default=os.path.join(ROOT, 'build/release/tools/tenon'))
    parser.add_argument('--dir', default=os.path.join(ROOT, 'build/benchmarks'), help='where the models are kept')
    parser.add_argument('--write', action='store_true', help='write docs/benchmarks.md')
    return parser.parse_args()


def model_path(name, folder):
    if name.endswith('.onnx'):
        return name
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name.replace(':', '_') + '.onnx')
    if not os.path.exists(path):
        make_models.make(name, path)
    return path


def make_feeds(path, shapes):
    """name -> array: normal floats, ones for masks, small integers for the rest."""
    import onnxruntime as ort
    rng = np.random.default_rng(5)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    feeds = {}
    for i in ort.InferenceSession(path, options, providers=['CPUExecutionProvider']).get_inputs():
        shape = shapes.get(i.name) or [d if isinstance(d, int) else 1 for d in i.shape]
        if i.type == 'tensor(float)':
            feeds[i.name] = rng.standard_normal(shape).astype(np.float32)
        elif 'mask' in i.name:
            feeds[i.name] = np.ones(shape, np.int64)
        else:
            feeds[i.name] = rng.integers(0, 2, shape).astype(np.int64)
    return feeds


def run_ort(path, feeds, out, threads, runs):
    command = [sys.executable, '-c', ORT_RUN, path, feeds, out, str(threads), str(runs)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def input_options(feeds, folder):
    """The options of the tenon command that give it the feeds, saved in `folder`."""
    options = []
    for name, array in feeds.items():
        file = os.path.join(folder, name.replace('/', '_') + '.npy')
        np.save(file, array)
        options += ['--input', f'{name}={file}']
    return options


def run_tenon(args, path, inputs, threads):
    """p50 and min of the latency in milliseconds."""
    command = [args.tenon, 'bench', path, '--json', '--runs', str(args.runs), '--threads', str(threads),
               '--providers', args.providers, *inputs]
    latency = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)['latency_ms']
    return latency['p50'], latency['min']


def tenon_outputs(args, path, inputs, folder):
    command = [args.tenon, 'run', path, '--providers', args.providers, '--output', folder, *inputs]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {f[:-4]: np.load(os.path.join(folder, f)) for f in os.listdir(folder)}


def compare_outputs(expected, actual):
    """The largest difference relative to the largest expected value, and whether the top-1 agree."""
    worst, same_top = 0.0, True
    for name, want in expected.items():
        got = actual.get(name.replace('/', '_'), actual.get(name))
        if got is None or got.shape != want.shape:
            return float('inf'), False
        worst = max(worst, float(np.max(np.abs(want - got)) / max(float(np.max(np.abs(want))), 1e-30)))
        same_top &= bool(np.array_equal(want.argmax(-1), got.argmax(-1))) if want.ndim <= 2 else True
    return worst, same_top


def compare_model(args, name, shapes):
    """Rows of the table for one model, and whether its outputs agree."""
    path = model_path(name, args.dir)
    if name == 'minilm':
        shapes = {**MINILM_SHAPE, **shapes}
    with tempfile.TemporaryDirectory() as folder:
        feeds = make_feeds(path, shapes)
        feeds_file, ort_file = os.path.join(folder, 'feeds.npz'), os.path.join(folder, 'ort.npz')
        np.savez(feeds_file, **feeds)
        inputs = input_options(feeds, folder)
        rows, difference = [], None
        for threads in [int(t) for t in args.threads.split(',')]:
            ort_times, tenon = [], []
            for _ in range(args.rounds):
                ort_times += run_ort(path, feeds_file, ort_file, threads, args.runs)
                tenon.append(run_tenon(args, path, inputs, threads))
            if difference is None:
                outputs = os.path.join(folder, 'outputs')
                os.makedirs(outputs)
                difference = compare_outputs(dict(np.load(ort_file)), tenon_outputs(args, path, inputs, outputs))
            p50, least = float(np.median([t[0] for t in tenon])), min(t[1] for t in tenon)
            ort_p50, ort_least = float(np.median(ort_times)), min(ort_times)
            rows.append((os.path.basename(name), threads, ort_p50, p50, p50 / ort_p50, ort_least, least,
                         least / ort_least, difference[0], 'same' if difference[1] else 'DIFFERS'))
    return rows, difference[0] <= 1e-3 and difference[1]


def machine():
    with open('/proc/cpuinfo') as f:
        fields = dict([p.strip() for p in line.split(':', 1)] for line in f if ':' in line)
    flags = fields.get('flags', '').split()
    widest = next((n for n in ('amx_tile', 'avx512f', 'avx2') if n in flags), '')
    family = f"family {fields.get('cpu family')} model {fields.get('model')} {widest}"
    return f"{fields.get('model name', os.uname().machine)} ({family}), {os.cpu_count()} CPUs"


def commit():
    result = subprocess.run(['git', '-C', ROOT, 'describe', '--always', '--dirty'], capture_output=True, text=True)
    return result.stdout.strip() or 'unknown commit'


def table(rows):
    head = ('model', 'threads', 'onnxruntime p50 ms', 'Tenon p50 ms', 'ratio', 'onnxruntime min ms', 'Tenon min ms',
            'ratio', 'difference', 'top-1')
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    for r in rows:
        lines.append('| {} | {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.1e} | {} |'.format(*r))
    return '\n'.join(lines)


def main():
    args = parse_arguments()
    shapes = {n: [int(d) for d in s.split('x')] for n, s in (a.split('=', 1) for a in args.shape)}
    rows, agree = [], True
    for name in args.models.split(','):
        found, same = compare_model(args, name, shapes)
        rows += found
        agree &= same
        print(f'{name}: done', file=sys.stderr)
    import onnxruntime
    header = f'{machine()}; onnxruntime {onnxruntime.__version__}; Tenon {commit()}; {datetime.date.today()}'
    print(header + '\n\n' + table(rows))
    if args.write:
        path = os.path.join(ROOT, 'docs/benchmarks.md')
        with open(path) as f:
            others = ''.join(f.read().partition('\n## ')[1:])  # sections of other scripts
        with open(path, 'w') as f:
            f.write('# Benchmarks\n\nLatency beside PyPI onnxruntime on the CPU, float, by `benchmarks/compare.py '
                    f'--write`: the two run in turn on\nthe same model, threads and inputs.\n\n{header}\n\n'
                    f'{table(rows)}\n\n`ratio` is Tenon over onnxruntime: below 1 is faster. `difference` is the '
                    'largest deviation of an output from\nonnxruntime\'s, relative to the largest value.\n' + others)
    return 0 if agree else 1


if __name__ == '__main__':
    sys.exit(main())
