"""What the tests of the `tenon` command share: running it, small models and tensors as bytes, and a case with a folder.

usage of a file of tests: X_test.py TENON SOURCE_FOLDER [TEST...]
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

TENON = ""
DIGITS = pathlib.Path()


def command(*arguments):
    return [TENON, *map(str, arguments)]


def tenon(*arguments, **environment):
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def npy(descr, shape, data):
    """A .npy file as numpy writes it."""
    dims = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def read_npy(path):
    """Header and floats of a .npy file."""
    content = path.read_bytes()
    (size,) = struct.unpack_from("<H", content, 8)
    data = content[10 + size :]
    return content[10 : 10 + size].decode(), struct.unpack(f"<{len(data) // 4}f", data)


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def int_field(number, value):
    return varint(number << 3) + varint(value)


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def int64s(name, *values):
    """A tensor of one dimension."""
    return tensor_proto([len(values)], struct.pack(f"<{len(values)}q", *values), name, element_type=7)


def tensor_proto(shape, data, name="", element_type=1):
    """A serialized TensorProto: dims, data_type, raw_data. 1: float, 7: int64."""
    dims = b"".join(int_field(1, d) for d in shape)
    return dims + int_field(2, element_type) + (field(8, name.encode()) if name else b"") + field(9, data)


def node(op_type, inputs, outputs, name=""):
    content = b"".join(field(1, i.encode()) for i in inputs) + b"".join(field(2, o.encode()) for o in outputs)
    return content + (field(3, name.encode()) if name else b"") + field(4, op_type.encode())


def port(name, *dims, element_type=1):
    """A ValueInfoProto of floats, or of another element type."""
    shape = field(2, b"".join(field(1, int_field(1, d)) for d in dims))
    return field(1, name.encode()) + field(2, field(1, int_field(1, element_type) + shape))


def sequence_port(name):
    """A ValueInfoProto of a sequence of floats."""
    element = field(1, int_field(1, 1))
    return field(1, name.encode()) + field(2, field(4, field(1, element)))


def onnx_model(nodes, inputs, outputs, initializers=(), opset=17):
    """A serialized ModelProto of parts made by node(), port() and tensor_proto()."""
    graph = field(2, b"g")
    for key, parts in (1, nodes), (5, initializers), (11, inputs), (12, outputs):
        graph += b"".join(field(key, part) for part in parts)
    return int_field(1, 8) + field(7, graph) + field(8, int_field(2, opset))


def matmul_model(weight):
    """y = x w, with x of 1 x 256 and w of 256 x 512 floats."""
    nodes = [node("MatMul", ["x", "w"], ["y"])]
    return onnx_model(nodes, [port("x", 1, 256)], [port("y", 1, 512)], [tensor_proto([256, 512], weight, "w")])


class CommandCase(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)
        self.model = DIGITS / "digits.onnx"

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def image(self, number=7):
        pixels = (DIGITS / "images" / f"{number:02}.pgm").read_bytes()[-64:]
        return [value / 16 for value in pixels]

    def image_file(self, shape=(1, 1, 8, 8)):
        return self.write("image.npy", npy("<f4", shape, floats(*self.image())))

    def assert_error(self, result, *parts):
        """Exit code 1 and one message on standard error that holds all parts."""
        code, output, errors = result
        self.assertEqual(code, 1, errors)
        self.assertTrue(errors.startswith("error: "), errors)
        for part in parts:
            self.assertIn(part, errors)
        self.assertNotIn("probabilities:", output)


def main():
    """Runs the tests of the program that calls this."""
    global TENON, DIGITS
    TENON = sys.argv[1]
    DIGITS = pathlib.Path(sys.argv[2]) / "examples" / "digits"
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
