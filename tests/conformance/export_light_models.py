"""Exports the light models of the installed onnx package, with the inputs that its test runner gives them and the
outputs that it ships: FOLDER/<model>/model.onnx, test_data_set_0, and FOLDER/models.json.

usage: export_light_models.py FOLDER
"""
import json
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnx.backend.test.case.model import collect_testcases

from export_folder import refresh, write_tensor

PACKAGE = pathlib.Path(onnx.__file__).parent


def ramp(port):
    """The runner's input: 0, 1, 2 ... divided by their number; a free dimension is 1."""
    shape = [dim.dim_value if dim.HasField("dim_value") else 1 for dim in port.type.tensor_type.shape.dim]
    count = int(np.prod(shape))
    return (np.arange(count).reshape(shape) / count).astype(np.float32)


def write_model(case, folder):
    source = PACKAGE.parent / case.url
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    shutil.copy(source, folder / "model.onnx")
    graph = onnx.load(source).graph
    initializers = {initializer.name for initializer in graph.initializer}
    inputs = [port for port in graph.input if port.name not in initializers]
    for i, port in enumerate(inputs):
        write_tensor(data / f"input_{i}.pb", ramp(port))
    for i in range(len(graph.output)):
        shutil.copy(source.with_name(f"{source.stem}_output_{i}.pb"), data / f"output_{i}.pb")
    return {"name": case.model_name, "rtol": case.rtol, "atol": case.atol}


def export(folder):
    cases = [case for case in collect_testcases() if case.kind == "real"]
    models = [write_model(case, folder / case.model_name) for case in cases]
    (folder / "models.json").write_text(json.dumps({"onnx": onnx.__version__, "models": models}, indent=0))
    print(f"exported {len(models)} light models of onnx {onnx.__version__}")


if __name__ == "__main__":
    refresh(sys.argv[1], __file__, export)
