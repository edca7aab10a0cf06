#!/usr/bin/env python3
"""Exports architectures of this folder by PyTorch. For a Python that has torch and torchvision: Debian's packages do.

usage: export.py DIR [NAME ...]    without a name it lists them

Weights are random, from one seed; batch normalization has the statistics of images of noise.
"""
import os
import sys
import warnings

import torch

import images
import sequences
import vision

OPSET = 16
MODELS = {f'{family.__name__}_{name}': make for family in (vision, images, sequences)
          for name, make in family.MODELS.items()}


def settle(model, inputs):
    """Normalizations learn from one batch, so that activations keep their scale; no layer is left that makes zeroes."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear) and not layer.weight.any():
            torch.nn.init.normal_(layer.weight, std=0.02)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    if norms:
        wide = [torch.cat([x, torch.randn_like(x)]) for x in inputs]  # two: one alone has no variance after pooling
        model(*wide)
    model.eval()


def export(name, path):
    torch.manual_seed(7)
    model, inputs = MODELS[name]()
    model.eval()
    with torch.no_grad():
        settle(model, inputs)
    # With gradients: without, attention takes a way that the exporter does not know.
    torch.onnx.export(model, inputs, path, opset_version=OPSET, input_names=['input'], output_names=['output'])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    warnings.filterwarnings('ignore')
    failed = 0
    for name in sys.argv[2:]:
        part = os.path.join(sys.argv[1], name + '.part')
        try:
            export(name, part)
            os.replace(part, os.path.join(sys.argv[1], name + '.onnx'))
        except Exception as failure:  # whatever the exporter says: the others are made
            failed += 1
            print(f'{name}: {str(failure).splitlines()[0]}', file=sys.stderr, flush=True)
    if not sys.argv[2:]:
        print('\n'.join(MODELS))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
