#!/usr/bin/env python3
"""Measures opening and memory of Tenon beside PyPI onnxruntime, and writes docs/memory.md.

usage: memory.py [--models resnet50,minilm] [--only open,processes,disk,start,sessions] [--write]

Every figure is of processes that are alive while it is read, beyond the same of processes that loaded the library and no
model: private (Private_Clean + Private_Dirty of smaps_rollup), anonymous, and the peak of anonymous memory until the
session is open, sampled each millisecond. Tenon's first open has an empty cache, whose pack is removed afterwards, so that
every repeat finds as much free memory as the one before; its second open finds what a first one left.
A name without a file under --dir is made by make_models.py. Needs PyPI onnx, onnxruntime and numpy, and in the build
folder tools/tenon; for --only sessions and start also `ninja benchmarks`.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import compare
import live

MEGABYTE = 1e6
DIMS = {'minilm': {n: [1, 128] for n in ('input_ids', 'attention_mask', 'token_type_ids')}}
PARTS = ('open', 'processes', 'disk', 'start', 'sessions')
SESSION_MODELS = 20

ORT_SESSIONS = '''
import json, os, sys, time, onnxruntime as ort
count, reserve, models = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
def lines(path): return {l.split(':')[0]: int(l.split()[1]) * 1024 for l in open(path) if l.endswith(' kB\\n')}
def private(): r = lines('/proc/self/smaps_rollup'); return r['Private_Clean'] + r['Private_Dirty']
options = ort.SessionOptions()
options.log_severity_level = 3
options.intra_op_num_threads = 1
before, kept, times = private(), [], []
while len(kept) < count and lines('/proc/meminfo')['MemAvailable'] > reserve:
    begin = time.perf_counter()
    kept.append(ort.InferenceSession(models[len(kept) % len(models)], options, providers=['CPUExecutionProvider']))
    times.append((time.perf_counter() - begin) * 1e3)
print(json.dumps({'sessions': len(kept), 'private_bytes': private() - before, 'open_ms': times}))
'''

ORT_RUN_ONCE = '''
import sys, numpy as np, onnxruntime as ort
session = ort.InferenceSession(sys.argv[1], providers=['CPUExecutionProvider'])
feeds = {i.name: np.ones([d if isinstance(d, int) else 1 for d in i.shape], np.float32) for i in session.get_inputs()}
print(session.run(None, feeds)[0].ravel()[0])
'''


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', default='resnet50,minilm', help='names of make_models.py or paths, by commas')
    parser.add_argument('--only', default=','.join(PARTS), help='parts to measure, by commas')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--repeats', type=int, default=5, help='processes that open times are the median of')
    parser.add_argument('--sessions', type=int, default=1000)
    parser.add_argument('--build', default=os.path.join(compare.ROOT, 'build/release'))
    parser.add_argument('--dir', default=os.path.join(compare.ROOT, 'build/benchmarks'), help='where models are kept')
    parser.add_argument('--write', action='store_true', help='write docs/memory.md')
    args = parser.parse_args()
    if unknown := set(args.only.split(',')) - set(PARTS):
        sys.exit(f"unknown parts {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    args.tenon = os.path.join(args.build, 'tools/tenon')
    return args


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(map(str, row)) + ' |' for row in rows])


def megabytes(amount):
    return f'{amount / MEGABYTE:.1f}'


def dims_of(model):
    return next((dims for name, dims in DIMS.items() if name in os.path.basename(model)), {})


def input_options(model):
    return ['--fill=ones', *(f'--shape={n}={"x".join(map(str, d))}' for n, d in dims_of(model).items())]


def tenon_command(args, model, run=False):
    return [args.tenon, 'bench', model, '--json', '--hold-ms', '86400000', '--threads', str(args.threads),
            *input_options(model), *(['--hold-after-run'] if run else [])]


class Bench:
    """The two hosts without a model, and everybody's memory beyond them."""

    def __init__(self, args, cache):
        self.args = args
        self.env = {'XDG_CACHE_HOME': cache}
        self.idle = {}

    def idle_memory(self, is_tenon, count):
        if (is_tenon, count) not in self.idle:
            command = [self.args.tenon, 'idle-host', '--hold-ms', '86400000'] if is_tenon else \
                live.ort_command('', {}, False, {}, self.args.threads)
            self.idle[is_tenon, count] = live.hold(command, count, self.env)[1]
        return self.idle[is_tenon, count]

    def measure(self, command, is_tenon, count=1, env=None):
        """(what each printed, totals beyond idle hosts), or None when it cannot be opened."""
        held = live.hold(command, count, {**self.env, **(env or {})})
        if held is None:
            return None
        told, memory = held
        idle = self.idle_memory(is_tenon, count)
        return told, {k: sum(m[k] for m in memory) - sum(i['anon' if k == 'peak' else k] for i in idle)
                      for k in memory[0]}

    def fresh_cache(self):
        return tempfile.TemporaryDirectory(dir=self.env['XDG_CACHE_HOME'])

    def opened(self, label, command, is_tenon, with_empty_cache=False):
        """A row: median open time over the repeats, memory of the last."""
        runs = []
        for _ in range(self.args.repeats):
            with self.fresh_cache() as cache:
                runs.append(self.measure(command, is_tenon, env={'XDG_CACHE_HOME': cache} if with_empty_cache else None))
            if runs[-1] is None:
                return [label, '-', '-', '-', '-']
        open_ms = statistics.median(told[0]['open_ms'] for told, _ in runs)
        memory = runs[-1][1]
        return [label, f'{open_ms:.1f}', megabytes(memory['private']), megabytes(memory['anon']),
                megabytes(memory['peak'])]


def open_part(bench, model, stem):
    rows = [bench.opened('Tenon, first open', tenon_command(bench.args, model), True, with_empty_cache=True)]
    bench.measure(tenon_command(bench.args, model), True)  # leaves its pack in the cache
    rows.append(bench.opened('Tenon, second open', tenon_command(bench.args, model), True))
    for label, (suffix, config) in live.ORT_MODES.items():
        if os.path.exists(stem + suffix):
            rows.append(bench.opened(label, live.ort_command(stem + suffix, config, False, {}, bench.args.threads),
                                     False))
    return table(['open', 'ms', 'private MB', 'anonymous MB', 'peak anonymous MB'], rows)


def arena_bytes(bench, model):
    """Of one run, as the session report names it."""
    command = [bench.args.tenon, 'run', model, '--report', 'json', *input_options(model)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **bench.env})
    return json.loads(done.stdout)['memory']['arena_peak_bytes']


def processes_part(bench, model, stem):
    if os.path.exists(model + '.data') and os.path.getsize(model + '.data') > 2 << 30:
        return ''  # four private copies are more than most machines have

    def row(label, command, is_tenon):
        cells = [label]
        for run in (False, True):
            measured = bench.measure(command(run), is_tenon, 4)
            cells += ['-', '-'] if measured is None else [megabytes(measured[1]['private']),
                                                          megabytes(measured[1]['pss'])]
        return cells
    bench.measure(tenon_command(bench.args, model), True)
    rows = [row('Tenon', lambda run: tenon_command(bench.args, model, run), True)]
    for label, (suffix, config) in live.ORT_MODES.items():
        if os.path.exists(stem + suffix):
            rows.append(row(label, lambda run, s=suffix, c=config: live.ort_command(
                stem + s, c, run, dims_of(model), bench.args.threads), False))
    note = f'Four times the arena of Tenon\'s run: {megabytes(4 * arena_bytes(bench, model))} MB.'
    return table(['4 processes, MB in all', 'private after open', 'proportional after open', 'private after a run',
                  'proportional after a run'], rows) + '\n\n' + note


def disk_part(bench, model, _stem):
    """Pack bytes beside the bytes that the source does not hold as they are used."""
    inspect = [bench.args.tenon, 'inspect', model, '--json']
    with bench.fresh_cache() as cache:
        env = {**os.environ, 'XDG_CACHE_HOME': cache}
        done = subprocess.run(inspect, stdout=subprocess.PIPE, text=True, check=True, env={**env, 'TENON_PACK': 'off'})
        memory = json.loads(done.stdout)['report']['memory']
        needed = memory['packed_bytes'] + memory['copied_weight_bytes'] + memory['computed_weight_bytes']
        subprocess.run(inspect, stdout=subprocess.DEVNULL, check=True, env=env)
        packs = sum(os.path.getsize(os.path.join(folder, f)) for folder, _, files in os.walk(cache)
                    for f in files if f.endswith('.tpack'))
    ratio = f'{packs / needed:.3f}' if needed else '-'
    return table(['disk', 'source MB', 'must be held MB', 'pack MB', 'ratio'],
                 [['Tenon', megabytes(memory['mapped_file_bytes']), megabytes(needed), megabytes(packs), ratio]])


def start_part(bench, model, _stem):
    """Milliseconds from the start of a process to its first result; only for models with one float input."""
    if 'resnet50' not in os.path.basename(model):
        return ''
    commands = {
        'C++ floor: map the file and read it once': [os.path.join(bench.args.build, 'benchmarks/read_floor'), model],
        '`tenon run`, warm': [bench.args.tenon, 'run', model, '--fill', 'ones', '--report', 'none'],
        'Python with onnxruntime': [sys.executable, '-c', ORT_RUN_ONCE, model],
    }
    rows = []
    for label, command in commands.items():
        times = []
        for _ in range(bench.args.repeats + 1):  # the first one warms
            begin = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                           env={**os.environ, **bench.env})
            times.append((time.perf_counter() - begin) * 1e3)
        rows.append([label, f'{statistics.median(times[1:]):.1f}'])
    return table(['process start to first result', 'ms'], rows)


def make_session_models(folder):
    """Chains of MatMul and Relu, 5 to 100 MB."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save
    os.makedirs(folder, exist_ok=True)
    paths = []
    for m in range(SESSION_MODELS):
        paths.append(os.path.join(folder, f'chain_{m:02}.onnx'))
        if os.path.exists(paths[-1]):
            continue
        megabytes_wanted = 5 + m * 95 / (SESSION_MODELS - 1)
        width, layers = 1024, max(1, round(megabytes_wanted * MEGABYTE / (1024 * 1024 * 4)))
        rng, nodes, weights, last = np.random.default_rng(m), [], [], 'x'
        for layer in range(layers):
            weights.append(numpy_helper.from_array(rng.standard_normal((width, width), np.float32), f'w{layer}'))
            nodes += [helper.make_node('MatMul', [last, f'w{layer}'], [f'm{layer}']),
                      helper.make_node('Relu', [f'm{layer}'], [last := f'y{layer}'])]
        port = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, width]) for n in ('x', last)]
        graph = helper.make_graph(nodes, 'chain', port[:1], port[1:], weights)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8), paths[-1])
    return paths


def sessions_part(bench):
    """Many sessions in one process over 20 models; onnxruntime stops when 2 GB of memory are left."""
    models = make_session_models(os.path.join(bench.args.dir, 'sessions'))
    tenon = [os.path.join(bench.args.build, 'benchmarks/many_sessions'), str(bench.args.sessions), *models]
    ort = [sys.executable, '-c', ORT_SESSIONS, str(bench.args.sessions), str(2 << 30), *models]
    env = {**os.environ, **bench.env, 'TENON_PROVIDER_PATH': os.path.join(bench.args.build, 'lib/tenon/providers')}
    rows = []
    for label, command in (('Tenon, first time', tenon), ('Tenon', tenon), ('onnxruntime', ort)):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=env)
        figures = json.loads(done.stdout)
        count, times = figures['sessions'], figures['open_ms']
        rows.append([label, count, f'{figures["private_bytes"] / MEGABYTE / max(count, 1):.2f}',
                     f'{statistics.median(times[:20]):.2f}', f'{statistics.median(times[20:40] or times):.2f}',
                     f'{statistics.median(times[-20:]):.2f}'])
    return table(['sessions in one process', 'opened', 'private MB each', 'open ms, the first 20', 'the second 20',
                  'the last 20'], rows)


def main():
    args = parse_arguments()
    parts = {'open': open_part, 'processes': processes_part, 'disk': disk_part, 'start': start_part}
    os.makedirs(args.dir, exist_ok=True)
    import onnxruntime
    header = f'{compare.machine()}; onnxruntime {onnxruntime.__version__}; Tenon {compare.commit()}; ' \
             f'{datetime.date.today()}; {args.threads} threads'
    sections = []
    with tempfile.TemporaryDirectory(dir=args.dir) as cache:
        bench = Bench(args, cache)
        for name in args.models.split(','):
            model = os.path.abspath(compare.model_path(name, args.dir))
            stem = live.save_ort_variants(model, args.dir)
            tables = [parts[p](bench, model, stem) for p in PARTS if p in parts and p in args.only.split(',')]
            sections.append(f'## {os.path.basename(stem)}\n\n' + '\n\n'.join(t for t in tables if t))
            print(f'{name}: done', file=sys.stderr)
        if 'sessions' in args.only.split(','):
            sections.append('## Many sessions\n\nOver 20 models of 5 to 100 MB.\n\n' + sessions_part(bench))
    text = header + '\n\n' + '\n\n'.join(sections)
    print(text)
    if args.write:
        with open(os.path.join(compare.ROOT, 'docs/memory.md'), 'w') as f:
            f.write('# Memory and opening\n\nTenon beside PyPI onnxruntime, by `benchmarks/memory.py --write`; all '
                    'memory is beyond a process without a model, never\nresident size. Its first lines tell how '
                    f'each figure is taken.\n\n{text}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
