"""The models that benchmarks run, by name; each family is a file with its table MODELS."""
import sys

from . import bert, dense, half, light, mobile, phi4mini, recurrent, transformers, vocoder, wheels
from .model import Model

MODELS = {}
for family in (light, bert, mobile, transformers, recurrent, dense, vocoder, wheels, half):
    MODELS.update(family.MODELS)


def model(name):
    """The row of a name; "phi4mini:2" is that with two layers."""
    base, _, layers = name.partition(':')
    if base == 'phi4mini':
        return Model(lambda out: phi4mini.phi4mini(out, int(layers or 32)))
    if name not in MODELS:
        sys.exit(f"unknown model '{name}'; known: {' '.join(MODELS)} phi4mini[:layers]")
    return MODELS[name]
