"""Exports the node tests of the installed onnx package: FOLDER/<case>/model.onnx and test_data_set_N, and FOLDER/cases.json.

Tensors, sequences and optionals become files; a case with a value of another kind is of kind "other" in cases.json and
has none.

usage: export_node_tests.py FOLDER
"""
import json
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

from export_folder import refresh


def proto_of(value, type_proto):
    """The message that an ONNX data set holds of a value; None for kinds that are not exported."""
    kind = type_proto.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.from_list(list(value), "")
    if kind == "optional_type":
        return numpy_helper.from_optional(value, "")
    if kind != "tensor_type":
        return None
    return value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))


def data_of(case):
    """File name and message of every value of the case's data sets; None when one cannot be exported."""
    files = {}
    for number, (inputs, outputs) in enumerate(case.data_sets):
        for stem, values, ports in (("input", inputs, case.model.graph.input), ("output", outputs, case.model.graph.output)):
            for i, (value, port) in enumerate(zip(values, ports, strict=True)):
                proto = proto_of(value, port.type)
                if proto is None:
                    return None
                files[f"test_data_set_{number}/{stem}_{i}.pb"] = proto
    return files


def write_case(case, folder):
    folder.mkdir()
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    files = data_of(case)
    for name, proto in (files or {}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(proto.SerializeToString())
    return {"name": case.name, "rtol": case.rtol, "atol": case.atol, "kind": "other" if files is None else "data"}


def transform_in_double():
    """Has numpy's transforms take double whatever they are given, as numpy below 2 did: the package rounds to float what
    they return, and of a transform in float its zeros would be noise, larger than its tolerance."""
    def in_double(transform):
        return lambda x, *shape, **axis: transform(np.asarray(x, np.result_type(x, np.float64)), *shape, **axis)

    for name in ("fft", "ifft", "rfft", "irfft"):
        setattr(np.fft, name, in_double(getattr(np.fft, name)))


def export(folder):
    # Making the cases warns of the overflows that they test.
    warnings.simplefilter("ignore")
    transform_in_double()
    cases = [write_case(case, folder / case.name) for case in collect_testcases(None)]
    cases.sort(key=lambda case: case["name"])
    (folder / "cases.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": cases}, indent=0))
    print(f"exported {len(cases)} node tests of onnx {onnx.__version__}")


if __name__ == "__main__":
    refresh(sys.argv[1], __file__, export)
