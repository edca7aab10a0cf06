#!/usr/bin/env python3
"""Measures what a provider costs in a process of its own: the same models by `tenon bench`, with and without --isolate,
in turn.

usage: isolation.py TENON [MODEL ...]

For each MODEL (resnet50 of make_models.py when none is named): medians over the rounds of the p50 of a process, and
their ratio. Then a call: chains of small nodes, whose runs differ by the nodes alone, put off together; and a model of
one such node, which is a call and an answer. Needs PyPI onnx.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

import onnx
from onnx import TensorProto, helper

import compare

CHAIN = 200


def chain(path, nodes):
    made = [helper.make_node('Softmax', [f'v{i}'], [f'v{i + 1}']) for i in range(nodes)]
    value = lambda i: helper.make_tensor_value_info(f'v{i}', TensorProto.FLOAT, [1, 4])
    graph = helper.make_graph(made, 'chain', [value(0)], [value(nodes)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8), path)
    return path


def p50(tenon, model, threads, runs, isolated):
    command = [tenon, 'bench', str(model), '--json', '--threads', str(threads), '--runs', str(runs)]
    command += ['--isolate', 'cpu_blas'] if isolated else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)['latency_ms']['p50']


def medians(arguments, model, threads, runs):
    """Of both ways, in turn."""
    times = {False: [], True: []}
    for _ in range(arguments.rounds):
        for isolated in times:
            times[isolated].append(p50(arguments.tenon, model, threads, runs, isolated))
    return statistics.median(times[False]), statistics.median(times[True])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('tenon')
    parser.add_argument('models', nargs='*')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--runs', type=int, default=40)
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--dir', type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / 'tenon-models')
    arguments = parser.parse_args()
    models = arguments.models or [compare.model_path('resnet50', arguments.dir)]
    print(compare.machine())
    for model in models:
        for threads in (int(t) for t in arguments.threads.split(',')):
            here, apart = medians(arguments, model, threads, arguments.runs)
            print(f'{pathlib.Path(model).stem}, {threads} threads: {here:.2f} ms in the process, {apart:.2f} ms apart, '
                  f'ratio {apart / here:.3f}')
    with tempfile.TemporaryDirectory() as folder:
        one = medians(arguments, chain(f'{folder}/one.onnx', 1), 1, 2000)
        many = medians(arguments, chain(f'{folder}/many.onnx', CHAIN), 1, 500)
    per_node = [(m - o) / (CHAIN - 1) * 1e3 for o, m in zip(one, many)]
    print(f'a node of a chain: {per_node[0]:.2f} us in the process, {per_node[1]:.2f} us apart, '
          f'{per_node[1] - per_node[0]:.2f} us more')
    print(f'a run of one node: {one[0] * 1e3:.1f} us in the process, {one[1] * 1e3:.1f} us apart, '
          f'{(one[1] - one[0]) * 1e3:.1f} us more')


if __name__ == '__main__':
    main()
