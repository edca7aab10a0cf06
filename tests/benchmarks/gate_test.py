#!/usr/bin/env python3
"""benchmarks/gate.py passes a build held against itself, fails where the limit is below that, and names no build.

usage: gate_test.py BUILD SOURCE
"""
import json
import os
import subprocess
import sys
import unittest

BUILD, SOURCE = sys.argv[1:3]
GATE = os.path.join(SOURCE, 'benchmarks/gate.py')
MODEL = os.path.join(SOURCE, 'examples/digits/digits.onnx')


def gate(*options):
    return subprocess.run([sys.executable, GATE, *options, '--models', MODEL],
                          capture_output=True, text=True)


class Gate(unittest.TestCase):
    def test_a_build_takes_as_many_instructions_as_itself(self):
        done = gate(BUILD, BUILD, '--json')
        self.assertEqual(done.returncode, 0, done.stderr)
        row, = json.loads(done.stdout)
        self.assertGreater(row['old'], 10000)
        self.assertAlmostEqual(row['ratio'], 1, delta=0.01)

    def test_more_than_the_limit_fails(self):
        done = gate(BUILD, BUILD, '--limit', '0.9')
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn('ABOVE THE LIMIT', done.stdout)

    def test_what_is_neither_a_build_nor_a_commit_is_named(self):
        done = gate('no-such-commit', BUILD)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("'no-such-commit' is neither a build folder", done.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
