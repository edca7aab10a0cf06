#!/usr/bin/env python3
"""Writes the node tests that the conformance kit carries, from a folder of tests/conformance/export_node_tests.py.

usage: pack_cases.py FOLDER LIST OUT
  FOLDER  the exported tests
  LIST    names of those that cpu_ref passes: random ones are not among them
  OUT     conform/node_tests/cases.bin

The file: "TNCASES1", then one zlib stream of records, all numbers in 4 bytes, lowest first: the number of records; of each
its name, its operators ("domain:op_type", each behind a line end), the relative and the absolute tolerance as decimal
text, and files: their number, and of each name and bytes. Texts and bytes stand behind their length.
"""
import json
import pathlib
import struct
import sys
import zlib

import onnx

MOST_BYTES = 64 * 1024  # of a test with all its files


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack('<I', len(data)) + data


def operators(graph):
    for node in graph.node:
        yield f'{"" if node.domain == "ai.onnx" else node.domain}:{node.op_type}'
        for attribute in node.attribute:
            for body in [attribute.g, *attribute.graphs]:
                yield from operators(body)


def record(folder, case):
    files = sorted(path for path in folder.rglob('*') if path.is_file())
    if sum(path.stat().st_size for path in files) > MOST_BYTES:
        return None
    model = onnx.load(folder / 'model.onnx')
    names = sorted(set(operators(model.graph)))
    parts = [text(case['name']), text('\n'.join(names)), text(repr(case['rtol'])), text(repr(case['atol'])), struct.pack('<I', len(files))]
    for path in files:
        parts += [text(str(path.relative_to(folder))), text(path.read_bytes())]
    return b''.join(parts)


def main():
    folder, passing, out = map(pathlib.Path, sys.argv[1:4])
    wanted = {line for line in passing.read_text().splitlines() if line and not line.startswith('#')}
    cases = [case for case in json.loads((folder / 'cases.json').read_text())['cases'] if case['name'] in wanted]
    records = [made for made in (record(folder / case['name'], case) for case in cases) if made is not None]
    stream = zlib.compress(struct.pack('<I', len(records)) + b''.join(records), 9)
    out.write_bytes(b'TNCASES1' + stream)
    print(f'{len(records)} of {len(wanted)} node tests in {out.stat().st_size} bytes')


if __name__ == '__main__':
    main()
