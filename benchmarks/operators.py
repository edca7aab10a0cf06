#!/usr/bin/env python3
"""Runs single operators in cpu_ref and in PyPI onnxruntime's CPU provider, one thread each, and compares their times.

usage: operators.py [--only Conv,ms.Gelu] [--limit 20] [--first N] [--scratch] [--write]

Every row of onnx_rows.py and contrib_rows.py is a model of one node. Its inputs are given in the run, so that neither
side folds or packs one, and graph optimizations are off. A row counts by the processor time of the fastest run of each
side, so that other work on the machine matters little; what comes near the limit is measured again. Prints the ratios,
the largest first, and what both have and no row names; exits with 1 when a ratio is over the limit or a row does not
run. --scratch tells which kernels took more scratch memory than their inputs and outputs have bytes.

Needs PyPI onnx, onnxruntime and numpy, and the targets tenon, tenon_tool and cpu_ref of build/release.
"""
import argparse
import dataclasses
import datetime
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

import contrib_rows
import onnx_rows
import tenon_session
from compare import ROOT, commit, machine

OPSETS = {'': 26, 'com.microsoft': 1, 'com.microsoft.nchwc': 1, 'ai.onnx.ml': 3}
SECONDS = 0.1  # that each side runs for
HEAD = '## Operators of cpu_ref'


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', default='', help='operators, by commas; of domains: ms.Name, nchwc.Name, ml.Name')
    parser.add_argument('--limit', type=float, default=20, help='the largest ratio that is right')
    parser.add_argument('--first', type=int, default=0, help='how many rows to print; 0: all')
    parser.add_argument('--scratch', action='store_true', help='look at scratch memory, too')
    parser.add_argument('--build', default=os.path.join(ROOT, 'build/release'), help='where Tenon is built')
    parser.add_argument('--write', action='store_true', help=f'write "{HEAD}" of docs/benchmarks.md')
    return parser.parse_args()


@dataclasses.dataclass
class Measured:
    row: object
    ort_s: float = float('inf')
    tenon_s: float = float('inf')
    failure: str = ''

    @property
    def ratio(self):
        return self.tenon_s / self.ort_s


class Bench:
    """The model of one row, as a file of `folder`, and its inputs."""

    def __init__(self, row, folder):
        self.path, self.feeds = os.path.join(folder, 'model.onnx'), {}
        names, ports, constants = [], [], []
        for i, array in enumerate(row.inputs):
            name = '' if array is None else f'x{i}'
            names.append(name)
            if i in row.constants and name:
                constants.append(numpy_helper.from_array(array, name))
            elif name:
                dtype = 8 if array.dtype == object else helper.np_dtype_to_tensor_dtype(array.dtype)
                ports.append(helper.make_tensor_value_info(name, dtype, array.shape))
                self.feeds[name] = array
        results = [f'y{i}' for i in range(row.outputs)]
        node = helper.make_node(row.op, names, results, domain=row.domain, **row.attributes)
        graph = helper.make_graph([node], 'row', ports, [onnx.ValueInfoProto(name=r) for r in results], constants)
        opsets = {'': OPSETS[''], row.domain: row.opset or OPSETS[row.domain]}
        imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
        onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), self.path)

    def open_ort(self):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        return ort.InferenceSession(self.path, options, providers=['CPUExecutionProvider'])

    def open_tenon(self, library):
        return tenon_session.Session(library, self.path, self.feeds, providers='cpu_ref', threads=1, pack='off',
                                     rewrite_graph=0)


def fastest(run):
    """Processor time of the fastest run, in seconds: of many within SECONDS, of at least two."""
    best, end = float('inf'), time.perf_counter() + SECONDS
    runs = 0
    while runs < 2 or time.perf_counter() < end:
        begin = time.thread_time()
        run()
        best = min(best, time.thread_time() - begin)
        runs += 1
    return best


def measure(row, library, args):
    result = Measured(dataclasses.replace(row, inputs=[]))
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(row, folder)
            theirs = bench.open_ort()
            out_bytes = sum(y.nbytes for y in theirs.run(None, bench.feeds))
            with bench.open_tenon(library) as ours:
                for _ in range(3):
                    result.ort_s = min(result.ort_s, fastest(lambda: theirs.run(None, bench.feeds)))
                    result.tenon_s = min(result.tenon_s, fastest(ours.run))
                    if not 0.5 < result.ratio / args.limit < 3:
                        break
                scratch = ours.report()['memory']['scratch_peak_bytes']
        values = out_bytes + sum(x.nbytes for x in row.inputs if x is not None)
        if args.scratch and scratch > values:
            print(f'{row.name}: scratch {scratch} bytes, inputs and outputs {values}')
    except Exception as failure:  # whatever either side says: the row is told as one that does not run
        result.failure = (str(failure) or repr(failure)).splitlines()[0]
    return result


def unnamed(rows, args):
    """Operators that both sides have and no row names."""
    command = [os.path.join(args.build, 'tools/tenon'), 'providers', 'cpu_ref', '--json']
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ours = set(told[0]['operators'])
    theirs = {(k.domain + '.' if k.domain else '') + k.op_name for k in ort_state.get_all_opkernel_def()
              if k.provider == 'CPUExecutionProvider'}
    return sorted((ours & theirs) - {(r.domain + '.' if r.domain else '') + r.op for r in rows})


def table(measured, first):
    lines = ['| operator | ratio |', '|---|---|']
    shown = sorted((m for m in measured if not m.failure), key=lambda m: -m.ratio)
    lines += [f'| {m.row.name} | {m.ratio:.1f} |' for m in shown[:first or None]]
    return '\n'.join(lines)


def write(measured, args):
    path = os.path.join(ROOT, 'docs/benchmarks.md')
    with open(path) as f:
        before = f.read().split(HEAD)[0].rstrip()
    ran = [m.ratio for m in measured if not m.failure]
    text = f'''{HEAD}
cpu_ref is plain, and may not be foolish: no operator of it is to take more than {args.limit:g} times onnxruntime's time at one
thread. `benchmarks/operators.py --write` runs each as a model of one node, of shapes as real models have them. Of its
{len(ran)} rows half are below {np.median(ran):.1f} and {sum(r > args.limit for r in ran)} above {args.limit:g}. Where other work shares the caches, ratios scatter by a third from run
to run. The slowest ten:

{machine()}; onnxruntime {ort.__version__}; Tenon {commit()}; {datetime.date.today()}

{table(measured, 10)}
'''
    with open(path, 'w') as f:
        f.write(f'{before}\n\n{text}')


def main():
    args = parse_arguments()
    only = set(args.only.split(',')) - {''}
    library = tenon_session.load(os.path.join(args.build, 'lib/libtenon.so'))
    measured = []
    for row in itertools.chain(onnx_rows.rows(), contrib_rows.rows()):
        if not only or row.name.split()[0] in only:
            measured.append(measure(row, library, args))
            told = measured[-1].failure or f'{measured[-1].ratio:.1f}'
            print(f'{row.name}: {told}', file=sys.stderr, flush=True)
    print(f'{machine()}; onnxruntime {ort.__version__}; Tenon {commit()}; {datetime.date.today()}\n\n'
          + table(measured, args.first))
    failures = [m for m in measured if m.failure]
    for m in failures:
        print(f'{m.row.name}: {m.failure}')
    if not only:
        print('without a row:', ' '.join(unnamed([m.row for m in measured], args)) or 'none')
        if args.write:
            write(measured, args)
    return 1 if failures or any(m.ratio > args.limit for m in measured if not m.failure) else 0


if __name__ == '__main__':
    sys.exit(main())
