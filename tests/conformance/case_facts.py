"""What the rows of case_reasons.py and refusal_reasons.py ask of a case."""
import re

import numpy as np
from onnx import helper, numpy_helper

SWITCHES = (
    "keepdims",
    "noop_with_empty_axes",
    "allowzero",
    "sorted",
    "ceil_mode",
    "count_include_pad",
    "select_last_index",
    "exclusive",
    "reverse",
    "saturate",
    "largest",
    "detect_positive",
    "detect_negative",
    "fmod",
    "storage_order",
    "is_causal",
    "interleaved",
    "training_mode",
    "align_corners",
    "linear_before_reset",
    "channels_last",
    "across_channels",
    "transA",
    "transB",
    "smooth_softmax",
    "causal",
    "spatial",
    "do_rotary",
    "normalize_routing_weights",
)
LARGE, LARGE_HALF = 1e15, 2**14
ALWAYS = lambda _: True
KEY_MASKS = {"Attention": 3, "DecoderMaskedMultiHeadAttention": 3, "MultiHeadAttention": 4, "QAttention": 5}


class Facts:
    """Of a case: its node, the node's attributes and opset, its inputs in order (None: left out), what cpu_ref
    computed, and what was found."""

    def __init__(self, model, held, why):
        self.node = model.graph.node[0]
        self.op, self.why = self.node.op_type, why
        self.attributes = {a.name: helper.get_attribute_value(a) for a in self.node.attribute}
        self.domain = self.node.domain
        self.opset = next(o.version for o in model.opset_import if o.domain == self.node.domain)
        self.results = [numpy_helper.to_array(t) for name, t in held.items() if name.startswith("expected:")]
        self.inputs = [numpy_helper.to_array(held[name]) if name in held else None for name in self.node.input]

    def floats(self):
        return [
            np.asarray(v, np.float64)
            for v in self.inputs
            if v is not None and v.dtype.kind in "fV" and v.dtype.itemsize > 1
        ]

    def has_nan(self):
        return any(np.isnan(v).any() for v in self.floats())

    def has_large(self):
        """Whether a number, or none at all, or infinity, is such that its square is beyond its type."""
        return any((~np.isfinite(v) | (np.abs(v) > LARGE)).any() for v in self.floats()) or any(
            v is not None and v.dtype == np.float16 and (np.abs(v.astype(np.float32)) > LARGE_HALF).any()
            for v in self.inputs
        )

    def has_infinity(self):
        return any(np.isinf(v).any() for v in self.floats())

    def has_nothing(self):
        """Whether an input has no elements."""
        return any(v is not None and v.size == 0 for v in self.inputs)

    def has_input(self, i):
        return len(self.inputs) > i and self.inputs[i] is not None

    def wants_output(self, i):
        return len(self.node.output) > i and bool(self.node.output[i])

    def is_scalar(self):
        return self.inputs[0].ndim == 0

    def is_of(self, *dtypes):
        return str(self.inputs[0].dtype) in dtypes

    def is_of_half(self):
        return any(v is not None and v.dtype == np.float16 for v in self.inputs)

    def types_differ(self):
        return len({v.dtype for v in self.inputs if v is not None}) > 1

    def has_odd_switch(self):
        return any(self.attributes.get(name) not in (None, 0, 1) for name in SWITCHES)

    def has_empty_list(self):
        """Whether an attribute is a list, or a tensor, without elements."""
        return any(v == [] or getattr(v, "dims", None) == [0] for v in self.attributes.values())

    def is_same_padded(self):
        return self.attributes.get("auto_pad", b"").startswith(b"SAME")

    def apart(self):
        """How far results are apart, in float's epsilons of the largest; infinite where they are otherwise unlike."""
        found = re.search(r"they are (\S+) apart", self.why)
        largest = max((np.abs(v[np.isfinite(v)]).max(initial=1) for v in self.results), default=1)
        return float(found[1]) / np.finfo(np.float32).eps.item() / float(largest) if found else np.inf

    def strides_over(self):
        """Whether the steps of a pool, or of a convolution, are longer than its windows along some axis."""
        kernel = self.attributes.get("kernel_shape") or (self.inputs[1].shape[2:] if len(self.inputs) > 1 else [])
        strides = self.attributes.get("strides") or [1] * len(kernel)
        dilations = self.attributes.get("dilations") or [1] * len(kernel)
        return any(s > (k - 1) * d + 1 for k, s, d in zip(kernel, strides, dilations))

    def splits_off_nothing(self):
        """Whether the last of num_outputs pieces, each as long as the first, would begin behind the end."""
        pieces, size = self.attributes["num_outputs"], self.inputs[0].shape[self.attributes.get("axis", 0)]
        return (pieces - 1) * -(-size // pieces) > size or pieces > size

    def has_flat_plane(self):
        """Whether the elements of some channel of X, N x C x D1 x ... x Dn, are all the same."""
        planes = np.asarray(self.inputs[0], np.float64).reshape(*self.inputs[0].shape[:2], -1)
        return bool((planes == planes[..., :1]).all(axis=-1).any())

    def integers_reach(self, most):
        return any(
            v.size and np.abs(v.astype(np.float64)).max() > most
            for v in self.inputs
            if v is not None and v.dtype.kind in "iu"
        )

    def is_ill_conditioned(self):
        """Whether X has a matrix whose inverse depends on rounding, or none."""
        x = np.asarray(self.inputs[0], np.float64)
        most = 10 if self.inputs[0].dtype == np.float16 else 1e6
        return not np.isfinite(x).all() or bool((np.linalg.cond(x) > most).any())

    def masks_all_keys(self):
        """Whether a key mask hides every key of some entry of the batch."""
        at = KEY_MASKS.get(self.op, len(self.inputs))
        mask = self.inputs[at] if len(self.inputs) > at else None
        return mask is not None and mask.ndim == 2 and bool((mask <= 0).all(axis=1).any())

    def floats_beyond_result(self):
        """Whether a float, or none at all, is beyond the integer type of the result."""
        if not self.results or self.results[0].dtype.kind not in "iu":
            return False
        ends = np.iinfo(self.results[0].dtype)
        return any(not ((v >= ends.min) & (v < float(ends.max) + 1)).all() for v in self.floats())
