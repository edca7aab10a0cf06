"""Folders that an export fills once: made anew only when the onnx package or an exporting script has changed."""
import hashlib
import os
import pathlib
import shutil

import onnx
from onnx import numpy_helper


def fingerprint(sources, versions):
    """What the content of an export depends on."""
    digest = hashlib.sha256(" ".join([onnx.__version__, *versions]).encode())
    for source in (*sources, __file__):
        digest.update(pathlib.Path(source).read_bytes())
    return digest.hexdigest()


def refresh(folder, script, export, *, modules=(), versions=()):
    """Calls export(empty_folder) and puts the result in place of `folder`, unless it is up to date. True if it did.

    It is up to date while the script, the paths in `modules`, the onnx package and `versions` are as they were.
    """
    folder = pathlib.Path(folder)
    stamp = fingerprint((script, *modules), versions)
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
