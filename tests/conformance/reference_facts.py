"""What rows of reference_reasons.py and reference_faults.py ask of a case."""
import numpy as np
from case_facts import Facts


class ReferenceFacts(Facts):
    def refuses(self, *parts):
        return self.why.startswith("cpu_ref refuses") and any(part in self.why for part in parts)

    def type_of(self, position):
        return self.inputs[position].dtype.name if self.has_input(position) else ""

    def has_nan_or_infinity(self):
        return any(not np.isfinite(v).all() for v in self.floats())

    def has_turned_regions(self):
        """Of RoiAlign: whether a region ends before it begins."""
        regions = self.inputs[1]
        return regions.ndim == 2 and regions.shape[1] == 4 and bool((regions[:, 2:] < regions[:, :2]).any())

    def is_mean_of_integers(self):
        return self.op == "ReduceMean" and self.inputs[0].dtype.kind in "ui"

    def largest_quotient(self):
        """Of the first input by the second, as quantization takes it."""
        x, scale = (np.abs(v.astype(np.float64)) for v in self.inputs[:2])
        with np.errstate(divide="ignore", over="ignore"):
            return np.nan_to_num(x).max(initial=0) / scale.min(initial=np.inf)
