"""Models that PyPI packages carry: magika's, those of rapidocr-onnxruntime, and silero-vad's."""
import pathlib
import subprocess
import sys
import zipfile

import numpy as np
import onnxruntime

from model_case import ModelCase, random_feeds

PACKAGES = "magika", "rapidocr-onnxruntime", "silero-vad"
# Of inputs with free dimensions, by model.
SHAPES = {"ch_PP-OCRv4_det_infer": {"x": [1, 3, 96, 160]}, "ch_PP-OCRv4_rec_infer": {"x": [1, 3, 48, 96]},
          "ch_ppocr_mobile_v2.0_cls_infer": {"x": [1, 3, 48, 192]}, "silero_vad_16k_sequence": {"input": [4, 576]}}
SILERO_WINDOW = 576
SAMPLE_RATE = 16000


def unpack(folder):
    """The .onnx files of the newest wheels, by package."""
    for package in PACKAGES:
        target = folder / package
        if not target.is_dir():
            target.mkdir(parents=True)
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                            "--no-deps", "--dest", target, package], check=True)
            for wheel in target.glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(target, [n for n in archive.namelist() if n.endswith(".onnx")])
                wheel.unlink()
        for path in sorted(target.rglob("*.onnx")):
            yield package, path


def sound(rng, windows):
    """A tone in noise."""
    wave = np.sin(np.arange(windows * SILERO_WINDOW) / 9) * 0.4
    return (wave + rng.standard_normal(wave.shape) * 0.05).reshape(windows, SILERO_WINDOW).astype(np.float32)


def strokes(rng, shape):
    """A white page with dark strokes in a line, in the range that the detector takes: of noise it finds nothing."""
    pixels = np.full(shape, 2, np.float32)
    line = slice(shape[-2] // 3, shape[-2] // 2)
    for x in range(8, shape[-1] - 8, 6):
        pixels[..., line, x:x + 2 + int(rng.integers(0, 2))] = -2
    return pixels


def cases(folder):
    rng = np.random.default_rng(7)
    for package, path in unpack(folder):
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        shapes = SHAPES.get(path.stem, {})
        feeds = random_feeds(session.get_inputs(), rng, shapes)
        if path.stem.endswith("det_infer"):
            feeds["x"] = strokes(rng, shapes["x"])
        if package == "magika":
            feeds["bytes"] = rng.integers(0, 256, [1, 2048]).astype(np.int32)
        if package == "silero-vad":
            feeds["input"] = sound(rng, shapes.get("input", [1])[0])
            feeds.update({name: np.zeros_like(feeds[name]) for name in ("state", "h", "c") if name in feeds})
            if "sr" in feeds:
                feeds["sr"] = np.array(SAMPLE_RATE, np.int64)
        yield ModelCase(f"{package}: {path.stem}", path, feeds)
