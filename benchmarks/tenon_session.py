"""A session of Tenon in this process, over the C API (<tenon/tenon.h>), for benchmarks of many small models."""
import ctypes
import json

import numpy as np
from onnx import helper


class _String(ctypes.Structure):
    _fields_ = [('data', ctypes.c_char_p), ('size', ctypes.c_size_t)]


class _Tensor(ctypes.Structure):
    _fields_ = [('struct_size', ctypes.c_size_t), ('name', ctypes.c_char_p), ('dtype', ctypes.c_uint32),
                ('rank', ctypes.c_uint32), ('shape', ctypes.POINTER(ctypes.c_int64)), ('data', ctypes.c_void_p),
                ('byte_length', ctypes.c_size_t), ('memory_kind', ctypes.c_uint32), ('device_id', ctypes.c_uint32)]


def load(path):
    """The library; the functions that give no error code return pointers or nothing."""
    library = ctypes.CDLL(path)
    library.tenon_last_error.restype = ctypes.c_char_p
    library.tenon_options_create.restype = ctypes.c_void_p
    return library


class Session:
    """Errors are RuntimeErrors with Tenon's message. Inputs are given once, for all runs that name no others."""

    def __init__(self, library, path, feeds, **options):
        self.library, self.handle = library, ctypes.c_void_p()
        chosen = ctypes.c_void_p(library.tenon_options_create())
        for name, value in options.items():
            self._check(library.tenon_options_set(chosen, name.encode(), str(value).encode()))
        try:
            self._check(library.tenon_session_open(path.encode(), chosen, ctypes.byref(self.handle)))
        finally:
            library.tenon_options_destroy(chosen)
        self.kept = []  # what the tensors point at
        self.tensors = self.tensors_of(feeds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.library.tenon_session_close(self.handle)

    def tensors_of(self, feeds):
        """Other inputs for run(), made once and for as long as the session."""
        return (_Tensor * len(feeds))(*(self._tensor(*feed) for feed in feeds.items()))

    def run(self, tensors=None):
        tensors, results = tensors or self.tensors, ctypes.c_void_p()
        self._check(self.library.tenon_session_run(self.handle, tensors, ctypes.c_size_t(len(tensors)), None,
                                                   ctypes.c_size_t(0), None, ctypes.byref(results)))
        self.library.tenon_results_destroy(results)

    def report(self):
        text = ctypes.c_char_p()
        self._check(self.library.tenon_session_report(self.handle, b'json', ctypes.byref(text)))
        report = json.loads(text.value)
        self.library.tenon_string_free(text)
        return report

    def _check(self, code):
        if code != 0:
            raise RuntimeError(self.library.tenon_last_error().decode())

    def _tensor(self, name, array):
        if array.dtype == object:
            texts = [str(value).encode() for value in array.flat]
            data = (_String * len(texts))(*(_String(t, len(t)) for t in texts))
            dtype, pointer, length = 8, ctypes.addressof(data), ctypes.sizeof(data)
            self.kept.append((texts, data))
        else:
            data = np.ascontiguousarray(array)
            dtype, pointer, length = helper.np_dtype_to_tensor_dtype(data.dtype), data.ctypes.data, data.nbytes
            self.kept.append(data)
        shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
        return _Tensor(ctypes.sizeof(_Tensor), name.encode(), dtype, array.ndim, shape, pointer, length, 0, 0)
