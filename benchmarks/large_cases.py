#!/usr/bin/env python3
"""Makes cases that are too large to keep as files, runs them, and holds their results and their private memory to a limit.

usage: large_cases.py [--build build/release] [--only PATTERN] [--json]     exit 1 when a case is not as it should be

Each case runs with packs off, as the first session that makes a pack, and as the second that uses it. Peaks are of anonymous
memory, sampled each millisecond, beyond an idle process of the command; `resident` counts mapped pages, too. Weights are
sparse files, but for the rows that a case reads. Needs numpy and onnx (tests/requirements.txt).
"""
import argparse
import fnmatch
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import live

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MIB = 1 << 20
ROWS, COLUMNS = 65536, 1024  # of the weight of 256 MiB
PICKED = [3, ROWS - 5]


class Case:
    """A folder with model.onnx, its data and test_data_set_0; `limit`: of anonymous memory, in MiB."""

    def __init__(self, top, name, limit, refuse=False, rtol=1e-5):
        self.name, self.limit, self.refuse, self.rtol = name, limit, refuse, rtol
        self.folder = os.path.join(top, name)
        os.makedirs(os.path.join(self.folder, 'test_data_set_0'))
        self.model = os.path.join(self.folder, 'model.onnx')

    def save(self, nodes, inputs, outputs, initializers=(), opset=17):
        """`inputs`, `outputs`: name to array."""
        def ports(arrays):
            return [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
                    for n, a in arrays.items()]
        graph = helper.make_graph(nodes, self.name, ports(inputs), ports(outputs), list(initializers))
        onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid('', opset)]), self.model)
        for kind, arrays in (('input', inputs), ('output', outputs)):
            for i, (name, array) in enumerate(arrays.items()):
                with open(os.path.join(self.folder, 'test_data_set_0', f'{kind}_{i}.pb'), 'wb') as f:
                    f.write(numpy_helper.from_array(array, name).SerializeToString())
        return self

    def external(self, name, shape, rows=None, dtype=np.float32):
        """An initializer in a sparse file of its own, where `rows` (number to values) are written."""
        data = os.path.join(self.folder, name + '.data')
        row_bytes = int(np.prod(shape[1:])) * np.dtype(dtype).itemsize
        with open(data, 'wb') as f:
            f.truncate(shape[0] * row_bytes)
            for row, values in (rows or {}).items():
                f.seek(row * row_bytes)
                f.write(np.asarray(values, dtype).tobytes())
        return external_tensor(name, shape, dtype)


def external_tensor(name, shape, dtype=np.float32):
    tensor = TensorProto(name=name, data_type=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), dims=shape)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key='location', value=name + '.data')
    return tensor


def constant(name, values, dtype=np.int64):
    return numpy_helper.from_array(np.array(values, dtype), name)


def picked_rows():
    return {row: np.arange(COLUMNS, dtype=np.float32) + row for row in PICKED}


def looked_at(top, name, node, further=(), rows=None, expected=None):
    """A weight of 256 MiB behind `node`, of whose first output 'v' a Gather reads `rows`."""
    case = Case(top, name, 20)
    values = picked_rows()
    weight = case.external('w', [ROWS, COLUMNS], values)
    expected = np.stack([values[r] for r in PICKED]) if expected is None else expected
    gather = helper.make_node('Gather', ['v', 'i'], ['y'])
    return case.save([node, gather], {'i': np.array(rows or PICKED)}, {'y': expected}, [weight, *further])


def make_looked_at(top):
    node = helper.make_node
    two = np.stack([picked_rows()[r] for r in PICKED])
    yield looked_at(top, 'weight_reshaped', node('Reshape', ['w', 's'], ['v']), [constant('s', [ROWS, 2, -1])],
                    expected=two.reshape(2, 2, -1))
    yield looked_at(top, 'weight_identity', node('Identity', ['w'], ['v']))
    yield looked_at(top, 'weight_flatten', node('Flatten', ['w'], ['v']))
    yield looked_at(top, 'weight_unsqueeze', node('Unsqueeze', ['w', 's'], ['v']), [constant('s', [1])],
                    expected=two[:, None])
    yield looked_at(top, 'weight_cast', node('Cast', ['w'], ['v'], to=TensorProto.FLOAT))
    yield looked_at(top, 'weight_transpose', node('Transpose', ['w'], ['v'], perm=[0, 1]))
    yield looked_at(top, 'weight_slice', node('Slice', ['w', 'b', 'e'], ['v']),
                    [constant('b', [1]), constant('e', [ROWS])], rows=[r - 1 for r in PICKED])
    case = Case(top, 'weight_split', 20)
    values = picked_rows()
    nodes = [node('Split', ['w'], ['a', 'b'], axis=0), node('Gather', ['a', 'i'], ['y']),
             node('Gather', ['b', 'j'], ['z'])]
    yield case.save(nodes, {'i': np.array(PICKED[:1]), 'j': np.array([PICKED[1] - ROWS // 2])},
                    {'y': values[PICKED[0]][None], 'z': values[PICKED[1]][None]},
                    [case.external('w', [ROWS, COLUMNS], values)], opset=13)


def make_dequantized(top):
    """An expansion to floats, and what a kernel packs of it."""
    for side, name in ((4096, 'weight_int8_dequantized'), (8192, 'weight_int8_dequantized_8192')):
        case = Case(top, name, 2 * 4 * side * side // MIB + 40, rtol=1e-3)
        rows = {r: np.resize(np.arange(-128, 128), side) for r in range(0, side, 512)}
        x = np.ones([1, side], np.float32)
        expected = sum(v.astype(np.float32) for v in rows.values())[None] * 0.5
        nodes = [helper.make_node('DequantizeLinear', ['w', 'scale'], ['d']), helper.make_node('MatMul', ['x', 'd'], ['y'])]
        yield case.save(nodes, {'x': x}, {'y': expected.astype(np.float32)},
                        [case.external('w', [side, side], rows, np.int8), constant('scale', 0.5, np.float32)])


def make_others(top):
    node = helper.make_node
    case = Case(top, 'big_sparse_weight', 20)
    rows, columns = 3 * 256, MIB
    values = {r: np.full(columns, r, np.float32) for r in (1, rows - 1)}
    yield case.save([node('Gather', ['w', 'i'], ['g']), node('ReduceMax', ['g'], ['y'], axes=[1], keepdims=0)],
                    {'i': np.array(list(values))}, {'y': np.array(list(values), np.float32)},
                    [case.external('w', [rows, columns], values)])
    case = Case(top, 'inline_weight_64m', 64 + 20)  # one copy, where protobuf left it misaligned
    w = np.zeros([4096, 4096], np.float32)
    w[7] = 3
    yield case.save([node('Gather', ['w', 'i'], ['y'])], {'i': np.array([7, 8])}, {'y': w[7:9]},
                    [numpy_helper.from_array(w, 'w')])
    case = Case(top, 'many_initializers', 128)
    count = 20000
    names = ['x', *(f'v{i}' for i in range(1, count)), 'y']
    yield case.save([node('Add', [names[i], f'c{i}'], [names[i + 1]]) for i in range(count)],
                    {'x': np.zeros(1, np.float32)}, {'y': np.full(1, count, np.float32)},
                    [constant(f'c{i}', [1], np.float32) for i in range(count)])
    case = Case(top, 'reduce_sum_constant', 60)
    x = np.full([1, 4_000_000], 0.1, np.float32)
    total = np.float32(x.sum(dtype=np.float64))
    yield case.save([node('ReduceSum', ['x', 'a'], ['s']), node('ReduceMean', ['x'], ['m'], axes=[1])], {'x': x},
                    {'s': np.array([[total]]), 'm': np.array([[0.1]], np.float32)}, [constant('a', [1])])
    yield make_strings(top)
    for name in ('external_fifo', 'external_folder'):
        case = Case(top, name, 20, refuse=True)
        data = os.path.join(case.folder, 'w.data')
        os.mkfifo(data) if name == 'external_fifo' else os.mkdir(data)
        x = np.zeros([4], np.float32)
        yield case.save([node('Add', ['x', 'w'], ['y'])], {'x': x}, {'y': x}, [external_tensor('w', [4])])


def make_strings(top):
    node = helper.make_node
    case = Case(top, 'strings', 60)
    words = np.array([['', 'señal', 'ñandú'], ['x' * MIB, 'árbol', 'ü']], object)
    nodes = [node('Reshape', ['x', 's'], ['r']), node('Gather', ['r', 'i'], ['g']), node('Transpose', ['x'], ['t']),
             node('Reshape', ['t', 's'], ['f']), node('Concat', ['g', 'f'], ['c'], axis=0),
             node('Slice', ['c', 'i', 'e'], ['y']), node('Equal', ['x', 'x'], ['q']),
             node('Where', ['q', 'x', 'x'], ['z'])]
    y = np.concatenate([words.reshape(-1)[[3]], words.T.reshape(-1)])[3:100]
    return case.save(nodes, {'x': words}, {'y': y, 'z': words},
                     [constant('s', [-1]), constant('i', [3]), constant('e', [100])], opset=19)


def run_command(command, cache, limit_s=300):
    """(exit code, errors, seconds, peak of anonymous bytes, peak of resident bytes)"""
    with tempfile.TemporaryFile() as errors:
        begin = time.time()
        process = subprocess.Popen(command, stdout=errors, stderr=errors, stdin=subprocess.DEVNULL,
                                   env={**os.environ, 'TENON_CACHE_DIR': cache})
        anonymous = resident = 0
        while True:
            try:
                anonymous = max(anonymous, live.anonymous_now(process.pid))
                with open(f'/proc/{process.pid}/statm') as f:
                    resident = max(resident, int(f.read().split()[1]) * os.sysconf('SC_PAGESIZE'))
            except (OSError, ValueError):
                pass
            done, status = os.waitpid(process.pid, os.WNOHANG)
            if done:
                break
            if time.time() - begin > limit_s:
                process.kill()
            time.sleep(0.001)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read().decode(errors='replace')
        return process.returncode, text, time.time() - begin, anonymous, resident


def idle_bytes(tenon):
    process = subprocess.Popen([tenon, 'idle-host', '--hold-ms', '86400000'], stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(0.2)
    anonymous = live.anonymous_now(process.pid)
    process.kill()
    process.wait()
    return anonymous


def measure(case, tenon, idle):
    figures = []
    with tempfile.TemporaryDirectory(dir=os.path.dirname(case.folder)) as cache:
        for way in ('off', 'made', 'used'):
            command = [tenon, 'run', case.model, '--check', case.folder, '--rtol', repr(case.rtol), '--pack',
                       'off' if way == 'off' else 'auto']
            code, text, seconds, anonymous, resident = run_command(command, cache)
            figure = {'case': case.name, 'packs': way, 'seconds': round(seconds, 3),
                      'peak_mib': round(max(anonymous - idle, 0) / MIB, 1), 'resident_mib': round(resident / MIB, 1),
                      'pack_mib': round(sum(e.stat().st_size for e in os.scandir(cache) if e.is_file()) / MIB, 1)}
            if (code != 0) != case.refuse or code < 0:
                figure['fault'] = f'exit {code}: {" ".join(text.split())[-300:]}'
            elif figure['peak_mib'] > case.limit:
                figure['fault'] = f'more than {case.limit} MiB'
            figures.append(figure)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', default=os.path.join(ROOT, 'build/release'))
    parser.add_argument('--only', default='*')
    parser.add_argument('--dir', help='where models and packs are made, and removed')
    parser.add_argument('--json', action='store_true')
    args = parser.parse_args()
    tenon = os.path.join(os.path.abspath(args.build), 'tools/tenon')
    idle = idle_bytes(tenon)
    failed = 0
    for make in (make_looked_at, make_dequantized, make_others):
        with tempfile.TemporaryDirectory(dir=args.dir) as top:
            for case in make(top):
                for figure in measure(case, tenon, idle) if fnmatch.fnmatch(case.name, args.only) else ():
                    failed += 'fault' in figure
                    line = '{case:30} packs {packs:5}{seconds:8.3f} s  peak {peak_mib:7.1f} MiB  resident {resident_mib:7.1f} ' \
                        'MiB  pack {pack_mib:6.1f} MiB  '
                    print(json.dumps(figure) if args.json else line.format(**figure) + figure.get('fault', ''), flush=True)
                shutil.rmtree(case.folder)
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
