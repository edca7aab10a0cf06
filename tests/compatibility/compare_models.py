#!/usr/bin/env python3
"""Runs models that people use on Tenon and on onnxruntime, and compares all outputs.

usage: compare_models.py TENON FOLDER [--only TEXT] [--kinds published,estimators,transformed] [--write FILE.md]

FOLDER keeps what is made and downloaded. Each model runs on cpu_blas and cpu_ref together and on cpu_ref alone. Exit
code 1 when one does not run or differs. Needs the packages of requirements.txt.
"""
import argparse
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnxruntime

PROVIDERS = "cpu_blas,cpu_ref", "cpu_ref"
KINDS = "published", "estimators", "transformed"
RELATIVE = 1e-3


def run_tenon(tenon, case, providers):
    """Outputs by name and the session's report; a text when it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [tenon, "run", case.path, "--providers", providers, "--output", scratch, "--report", "none", "--pack",
                   "off"]
        done = subprocess.run(command + case.save_feeds(scratch), capture_output=True, text=True)
        if done.returncode != 0:
            return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        return {p.stem: np.load(p) for p in pathlib.Path(scratch).glob("*.npy") if not p.stem.startswith("input_")}


def file_stem(name):
    return "".join(c if c not in "/\\:" else "_" for c in name)


def difference(expected, actual, tolerance):
    """How far the outputs lie apart as a share of what they may; above 1 they differ."""
    if expected.shape != actual.shape:
        return f"the shape is {actual.shape}, expected {expected.shape}"
    if expected.dtype.kind in "OUSb":
        equal = expected.astype(str) == actual.astype(str)
        return 0.0 if equal.all() else "texts or truth values differ"
    if expected.size == 0:
        return 0.0
    expected, actual = expected.astype(np.float64), actual.astype(np.float64)
    if (np.isnan(expected) != np.isnan(actual)).any():
        return "NaN in one alone"
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], actual[~finite], equal_nan=True):
        return "infinities differ"
    allowed = tolerance * np.abs(expected[finite]).max(initial=1e-30) + RELATIVE * np.abs(expected[finite])
    return float((np.abs(expected[finite] - actual[finite]) / allowed).max(initial=0))


def distance_ratio(original, expected, actual):
    """How far `actual` lies from the original's output, as a share of what it may: a tenth further than `expected`."""
    farthest = 1.1 * np.abs(expected.astype(np.float64) - original).mean()
    return float(np.abs(actual.astype(np.float64) - original).mean() / farthest)


def verdict(tenon, case, expected, original, providers):
    """Empty when all is well, else what is wrong."""
    outputs = run_tenon(tenon, case, providers)
    if isinstance(outputs, str):
        return outputs
    for name, value in expected.items():
        if file_stem(name) not in outputs:
            return f"output '{name}' is missing"
        output = outputs[file_stem(name)]
        found = difference(value, output, case.tolerance)
        if case.original is not None and not isinstance(found, str) and found > 1:
            found = distance_ratio(original[name], value, output)
        if isinstance(found, str) or found > 1:
            return f"output '{name}' differs: {found if isinstance(found, str) else f'{found:.2g} of what it may'}"
    return ""


def expected_outputs(path, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    outputs = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
    return {name: value for name, value in outputs.items() if isinstance(value, np.ndarray)}


def nodes_by_provider(tenon, case):
    done = subprocess.run([tenon, "inspect", case.path, "--json", "--pack", "off"], capture_output=True, text=True)
    if done.returncode != 0:
        return ""
    found = json.loads(done.stdout).get("report", json.loads(done.stdout)).get("providers", [])
    return ", ".join(f"{p['nodes']} {p['name']}" for p in found if p["nodes"])


def page(rows):
    lines = ["# Models that run as in onnxruntime",
             "Written by `tests/compatibility/compare_models.py`, which says how: all outputs are compared, on both",
             "providers and on cpu_ref alone.", "",
             f"onnxruntime {onnxruntime.__version__}. {sum(not r[2] for r in rows)} of {len(rows)} models.", "",
             "| model | nodes | |", "|---|---|---|"]
    for name, nodes, wrong in rows:
        lines.append(f"| {name} | {nodes} | {wrong.replace('|', '/') or 'as expected'} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("tenon")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    os.environ.pop("TENON_PROVIDERS", None)
    rows = []
    for kind in arguments.kinds.split(","):
        for case in importlib.import_module(kind).cases(arguments.folder / kind):
            if arguments.only not in case.name:
                continue
            expected = expected_outputs(case.path, case.feeds)
            original = expected_outputs(case.original, case.feeds) if case.original else None
            found = {p: verdict(arguments.tenon, case, expected, original, p) for p in PROVIDERS}
            wrong = "; ".join(f"{p}: {text}" for p, text in found.items() if text)
            rows.append((case.name, nodes_by_provider(arguments.tenon, case), wrong))
            print(f"{'FAIL' if wrong else 'ok  '}  {case.name}  {wrong}", flush=True)
    print(f"{sum(not r[2] for r in rows)} of {len(rows)} models as in onnxruntime")
    if arguments.write:
        arguments.write.write_text(page(rows))
    return 0 if rows and not any(r[2] for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
