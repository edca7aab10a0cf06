"""What the cases of ai.onnx.ml have in common."""
import numpy as np

from contrib_cases import Case

DOMAIN = "ai.onnx.ml"
POST_TRANSFORMS = "NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"


def ml_case(make, op, inputs, attributes, output_types=None, version=1, terms=4):
    outputs = (True,) * len(output_types or [None])
    return Case(make.name, op, inputs, attributes, terms=terms, outputs=outputs, output_types=output_types,
                domain=DOMAIN, version=version)


def words(count):
    return [f"word {i}" for i in range(count)]


def features(make, rows, columns, dtype=np.float32, missing=False):
    """Some are exactly on the values that tests compare with."""
    x = (make.rng.integers(-8, 9, (rows, columns)) / 4).astype(np.float64)
    if np.issubdtype(dtype, np.floating):
        x += np.where(make.rng.random(x.shape) < 0.5, make.rng.standard_normal(x.shape), 0)
        if missing:
            x[make.rng.random(x.shape) < 0.3] = np.nan
    return x.astype(dtype)
