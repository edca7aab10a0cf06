"""A model with inputs for it, and how far its outputs may lie from onnxruntime's."""
import dataclasses
import pathlib

import numpy as np


@dataclasses.dataclass
class ModelCase:
    name: str
    path: pathlib.Path
    feeds: dict  # arrays by input
    # Of the largest output, beside a share of 0.001 of each: sums are taken in another order.
    tolerance: float = 1e-4
    # What a quantized model was made from. Where a sum lies at a half it becomes the one byte or the other, and in a
    # deep model all outputs are others for that: they may lie as far from the original's as onnxruntime's do.
    original: pathlib.Path = None

    def save_feeds(self, folder):
        """--input arguments for the command."""
        arguments = []
        for i, (name, value) in enumerate(self.feeds.items()):
            file = pathlib.Path(folder) / f"input_{i}.npy"
            np.save(file, value)
            arguments += ["--input", f"{name}={file}"]
        return arguments


def random_feeds(inputs, rng, shapes=None):
    """For onnxruntime's inputs: small floats, numbers 0 and 1; of the shapes given, else free dimensions are 1."""
    feeds = {}
    for port in inputs:
        shape = (shapes or {}).get(port.name) or [d if isinstance(d, int) else 1 for d in port.shape]
        dtype = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
                 "tensor(int64)": np.int64, "tensor(int32)": np.int32}[port.type]
        if np.issubdtype(dtype, np.floating):
            feeds[port.name] = rng.standard_normal(shape).astype(dtype)
        else:
            feeds[port.name] = np.asarray(rng.integers(0, 2, shape), dtype)
    return feeds
