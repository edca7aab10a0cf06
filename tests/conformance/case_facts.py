"""What the rows of case_reasons.py and refusal_reasons.py ask of a case."""
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
)
LARGE = 1e15
ALWAYS = lambda _: True
KEY_MASKS = {"Attention": 3, "DecoderMaskedMultiHeadAttention": 3, "MultiHeadAttention": 4, "QAttention": 5}


class Facts:
    """Of a case: its node, the node's attributes and opset, its inputs in order (None: left out), what cpu_ref
    computed, and what was found."""

    def __init__(self, model, held, why):
        self.node = model.graph.node[0]
        self.op, self.why = self.node.op_type, why
        self.attributes = {a.name: helper.get_attribute_value(a) for a in self.node.attribute}
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
        return any((~np.isfinite(v) | (np.abs(v) > LARGE)).any() for v in self.floats())

    def has_nothing(self):
        """Whether an input has no elements."""
        return any(v is not None and v.size == 0 for v in self.inputs)

    def has_input(self, i):
        return len(self.inputs) > i and self.inputs[i] is not None

    def is_scalar(self):
        return self.inputs[0].ndim == 0

    def is_of(self, *dtypes):
        return str(self.inputs[0].dtype) in dtypes

    def types_differ(self):
        return len({v.dtype for v in self.inputs if v is not None}) > 1

    def has_odd_switch(self):
        return any(self.attributes.get(name) not in (None, 0, 1) for name in SWITCHES)

    def has_empty_list(self):
        """Whether an attribute is a list, or a tensor, without elements."""
        return any(v == [] or getattr(v, "dims", None) == [0] for v in self.attributes.values())

    def is_same_padded(self):
        return self.attributes.get("auto_pad", b"").startswith(b"SAME")

    def integers_reach(self, most):
        return any(
            v.size and np.abs(v.astype(np.float64)).max() > most
            for v in self.inputs
            if v is not None and v.dtype.kind in "iu"
        )

    def is_ill_conditioned(self):
        """Whether X has a matrix whose inverse depends on rounding, or none."""
        x = np.asarray(self.inputs[0], np.float64)
        return not np.isfinite(x).all() or bool((np.linalg.cond(x) > 1e6).any())

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
