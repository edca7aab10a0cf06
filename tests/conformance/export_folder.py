"""Folders that an export fills once: made anew only when the onnx package or an exporting script has changed."""
import hashlib
import os
import pathlib
import shutil

import onnx
from onnx import numpy_helper


def fingerprint(script):
    """What the content of an export depends on."""
    digest = hashlib.sha256(onnx.__version__.encode())
    for source in (script, __file__):
        digest.update(pathlib.Path(source).read_bytes())
    return digest.hexdigest()


def refresh(folder, script, export):
    """Calls export(empty_folder) and puts the result in place of `folder`, unless it is up to date. True if it did."""
    folder = pathlib.Path(folder)
    stamp = fingerprint(script)
    if (folder / ".stamp").is_file() and (folder / ".stamp").read_text() == stamp:
        return False
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    export(partial)
    (partial / ".stamp").write_text(stamp)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return True


def write_tensor(path, value):
    """Writes a TensorProto or an array as the serialized TensorProto of an ONNX data set."""
    proto = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(value)
    path.write_bytes(proto.SerializeToString())
