"""Exports the sets "simple", "pytorch-operator" and "pytorch-converted" of the installed onnx package, which holds them as
files: FOLDER/<case>/model.onnx and test_data_set_N, and FOLDER/cases.json.

usage: export_set_tests.py FOLDER
"""
import json
import shutil
import sys

import onnx
from onnx.backend.test.loader import load_model_tests

from export_folder import refresh

SETS = ("simple", "pytorch-operator", "pytorch-converted")


def export(folder):
    found = [case for kind in SETS for case in load_model_tests(kind=kind)]
    for case in found:
        shutil.copytree(case.model_dir, folder / case.name)
    cases = [{"name": case.name, "rtol": case.rtol, "atol": case.atol, "kind": "data"} for case in found]
    cases.sort(key=lambda case: case["name"])
    (folder / "cases.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": cases}, indent=0))
    print(f"exported {len(cases)} tests of the sets of onnx {onnx.__version__}")


if __name__ == "__main__":
    refresh(sys.argv[1], __file__, export)
