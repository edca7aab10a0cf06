"""A copy of the installed onnxruntime that takes the processor for one without AVX-512, since it has no such option.

Its library asks XGETBV which registers the system keeps; in the copy that question is answered by a constant: x87, SSE
and AVX. It is made once, for these benchmarks on this machine; processes use it by PYTHONPATH.
"""
import os
import shutil
import sys

import onnxruntime

QUESTION = bytes.fromhex('31c9' '0f01d0')  # xor ecx, ecx; xgetbv
ANSWER = bytes.fromhex('31c9' '6a07' '58')  # xor ecx, ecx; push 7; pop rax


def environment(folder):
    """What a process needs to import the copy, which lies in a folder of its own below `folder`."""
    place = os.path.join(folder, f'onnxruntime_{onnxruntime.__version__}_avx2')
    if not os.path.exists(place):
        part = place + '.part'
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(os.path.dirname(onnxruntime.__file__), os.path.join(part, 'onnxruntime'))
        libraries = os.path.join(part, 'onnxruntime/capi')
        library, = (os.path.join(libraries, n) for n in os.listdir(libraries) if n.startswith('onnxruntime_pybind11'))
        with open(library, 'rb') as f:
            code = f.read()
        if QUESTION not in code:
            sys.exit(f'{library} does not ask for AVX-512 as expected; give --isa native')
        with open(library, 'wb') as f:
            f.write(code.replace(QUESTION, ANSWER))
        os.rename(part, place)
    return {'PYTHONPATH': place}
