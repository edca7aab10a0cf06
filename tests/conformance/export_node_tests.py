"""Exports the node tests of the installed onnx package: FOLDER/<case>/model.onnx and test_data_set_N, and FOLDER/cases.json.

A case whose inputs or outputs are not all tensors is of kind "other" in cases.json and has no data set files.

usage: export_node_tests.py FOLDER
"""
import json
import sys
import warnings

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

from export_folder import refresh, write_tensor


def is_tensor_case(case):
    ports = list(case.model.graph.input) + list(case.model.graph.output)
    values = [value for inputs, outputs in case.data_sets for value in (*inputs, *outputs)]
    return all(port.type.HasField("tensor_type") for port in ports) and all(
        isinstance(value, (np.ndarray, np.generic, onnx.TensorProto)) for value in values
    )


def write_case(case, folder):
    folder.mkdir()
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    tensors = is_tensor_case(case)
    for number, (inputs, outputs) in enumerate(case.data_sets if tensors else []):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        for stem, values in (("input", inputs), ("output", outputs)):
            for i, value in enumerate(values):
                value = np.asarray(value) if isinstance(value, np.generic) else value
                write_tensor(data / f"{stem}_{i}.pb", value)
    kind = "tensor" if tensors else "other"
    return {"name": case.name, "rtol": case.rtol, "atol": case.atol, "kind": kind}


def export(folder):
    # Making the cases warns of the overflows that they test.
    warnings.simplefilter("ignore")
    cases = [write_case(case, folder / case.name) for case in collect_testcases(None)]
    cases.sort(key=lambda case: case["name"])
    (folder / "cases.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": cases}, indent=0))
    print(f"exported {len(cases)} node tests of onnx {onnx.__version__}")


if __name__ == "__main__":
    refresh(sys.argv[1], __file__, export)
