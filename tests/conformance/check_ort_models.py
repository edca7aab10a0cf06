"""Takes whole models through .ort and .onnx both ways, with PyPI onnxruntime at the other end. Exit code 1 if one fails.

usage: check_ort_models.py TENON MODEL.onnx...

Of each model: every .ort that onnxruntime's converter writes computes in Tenon what onnxruntime computes; what `tenon
convert` writes computes in onnxruntime what the original does, bit by bit: the .ort, the .onnx that this .ort becomes
again, and the .onnx with external data, whose weights are aligned.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx

from check_ort_files import is_equal, open_session
from export_folder import write_tensor
from export_ort_models import convert

CONVERSIONS = [("Fixed", None), ("Runtime", None), ("Fixed", "arm"), ("Fixed", "amd64")]
TOLERANCE = 1e-3  # of the largest output


class Failure(Exception):
    pass


def tenon(*arguments):
    done = subprocess.run([TENON, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def converted(source, target, *options):
    code, text = tenon("convert", source, target, *options)
    if code != 0:
        raise Failure(f"tenon convert {target.name}: {text.strip()}")
    return target


def inputs_of(session):
    """Ones for integers, which are tokens or masks; a ramp for floats. Free dimensions are 1, or 8 behind the first."""
    feeds = {}
    for port in session.get_inputs():
        shape = [size if isinstance(size, int) else (8 if i else 1) for i, size in enumerate(port.shape)]
        count = int(np.prod(shape))
        is_float = port.type == "tensor(float)"
        values = np.arange(count, dtype=np.float32) / count if is_float else np.ones(count, np.int64)
        feeds[port.name] = values.reshape(shape)
    return feeds


def write_data_set(folder, feeds, outputs):
    folder.mkdir()
    for stem, values in (("input", feeds.values()), ("output", outputs)):
        for i, value in enumerate(values):
            write_tensor(folder / f"{stem}_{i}.pb", value)
    return folder


def check_in_tenon(model, data, outputs):
    atol = TOLERANCE * max(float(np.abs(output).max()) for output in outputs)
    code, text = tenon("run", model, "--check", data, "--rtol", 0, "--atol", atol)
    if code != 0:
        raise Failure(f"{model.name} in tenon: {text.strip()}")


def check_in_onnxruntime(model, feeds, outputs):
    found = open_session(model).run(None, feeds)
    if not all(is_equal(a, b) for a, b in zip(outputs, found)):
        raise Failure(f"{model.name}: its outputs in onnxruntime differ from those of the original")


def check_alignment(model):
    external = 0
    for tensor in onnx.load(model, load_external_data=False).graph.initializer:
        place = {entry.key: entry.value for entry in tensor.external_data}
        external += bool(place)
        if place and int(place["offset"]) % (4096 if int(place["length"]) >= 1 << 20 else 64) != 0:
            raise Failure(f"{model.name}: {tensor.name} lies at {place['offset']}")
    if external == 0:
        raise Failure(f"{model.name} has no external data")


def check(original, scratch):
    session = open_session(original)
    feeds = inputs_of(session)
    outputs = session.run(None, feeds)
    data = write_data_set(scratch / "data", feeds, outputs)
    for style, platform in CONVERSIONS:
        target = scratch / f"{style}-{platform or 'any'}.ort"
        convert(original, target, style, platform)
        check_in_tenon(target, data, outputs)
    ours = converted(original, scratch / "ours.ort")
    back = converted(ours, scratch / "back.onnx")
    aligned = converted(original, scratch / "aligned.onnx", "--external-data")
    check_alignment(aligned)
    for model in (ours, back, aligned):
        check_in_onnxruntime(model, feeds, outputs)
        check_in_tenon(model, data, outputs)


def main():
    failed = 0
    for model in map(pathlib.Path, sys.argv[2:]):
        with tempfile.TemporaryDirectory() as scratch:
            try:
                check(model, pathlib.Path(scratch))
                print(f"ok    {model}", flush=True)
            except Failure as failure:
                failed += 1
                print(f"FAIL  {model}: {failure}", flush=True)
    print(f"{len(sys.argv) - 2 - failed} of {len(sys.argv) - 2} models pass as .ort and .onnx both ways")
    return 1 if failed else 0


if __name__ == "__main__":
    TENON = sys.argv[1]
    sys.exit(main())
