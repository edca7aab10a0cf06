"""Tests of the `tenon` command as a user meets it: exit codes, messages, and output that programs read.

usage: command_test.py TENON SOURCE_FOLDER
"""
import contextlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TENON = ""
DIGITS = pathlib.Path()


def tenon(*arguments, **environment):
    done = subprocess.run(
        [TENON, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
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


def tensor_proto(shape, floats):
    """A serialized TensorProto of floats: dims, data_type, raw_data."""
    raw = struct.pack(f"<{len(floats)}f", *floats)
    return b"".join(b"\x08" + varint(d) for d in shape) + b"\x10\x01" + b"\x4a" + varint(len(raw)) + raw


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def matmul_model(weight):
    """y = x w, with x of 1 x 256 and w of 256 x 512 floats."""
    tensor = b"\x08" + varint(256) + b"\x08" + varint(512) + b"\x10\x01" + field(8, b"w") + field(9, weight)
    node = field(1, b"x") + field(1, b"w") + field(2, b"y") + field(4, b"MatMul")
    shape = lambda *dims: field(2, b"".join(field(1, b"\x08" + varint(d)) for d in dims))
    port = lambda name, *dims: field(1, name) + field(2, field(1, b"\x08\x01" + shape(*dims)))
    graph = field(1, node) + field(2, b"g") + field(5, tensor) + field(11, port(b"x", 1, 256))
    graph += field(12, port(b"y", 1, 512))
    return b"\x08\x08" + field(7, graph) + field(8, b"\x10\x11")


def copies_model(names, default=None):
    """Each output is its input of that name and '=in' behind it, two floats; `default`: of an input 'w', an output too."""
    shape = field(2, field(1, b"\x08\x02"))
    port = lambda name: field(1, name.encode()) + field(2, field(1, b"\x08\x01" + shape))
    graph = b""
    for name in names:
        node = field(1, f"{name}=in".encode()) + field(2, name.encode()) + field(4, b"Identity")
        graph += field(1, node) + field(11, port(f"{name}=in")) + field(12, port(name))
    if default is not None:
        tensor = b"\x08\x02\x10\x01" + field(8, b"w") + field(9, struct.pack("<2f", *default))
        graph += field(5, tensor) + field(11, port("w")) + field(12, port("w"))
    return b"\x08\x08" + field(7, graph + field(2, b"g")) + field(8, b"\x10\x11")


def product_model():
    """y = a b, two inputs of 2 x 2 floats."""
    node = field(1, b"a") + field(1, b"b") + field(2, b"y") + field(4, b"MatMul")
    shape = field(2, b"".join(field(1, b"\x08\x02") for _ in range(2)))
    port = lambda name: field(1, name) + field(2, field(1, b"\x08\x01" + shape))
    graph = field(1, node) + field(2, b"g") + field(11, port(b"a")) + field(11, port(b"b")) + field(12, port(b"y"))
    return b"\x08\x08" + field(7, graph) + field(8, b"\x10\x11")


class CommandTest(unittest.TestCase):
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
        return self.write("image.npy", npy("<f4", shape, struct.pack("<64f", *self.image())))

    def assert_error(self, result, *parts):
        """Exit code 1 and one message on standard error that holds all parts."""
        code, output, errors = result
        self.assertEqual(code, 1, errors)
        self.assertTrue(errors.startswith("error: "), errors)
        for part in parts:
            self.assertIn(part, errors)
        self.assertNotIn("probabilities:", output)

    # --- run ---

    def test_cpu_blas_without_its_openblas_fails_products_of_activations_with_the_mend(self):
        code, output, error = tenon("providers", "--json")
        self.assertEqual(code, 0, error)
        library = next(p["path"] for p in json.loads(output) if p.get("name") == "cpu_blas")
        shutil.copy(library, self.folder)
        model = self.write("product.onnx", product_model())
        code, _, error = tenon("run", model, "--fill", "ones", TENON_PROVIDER_PATH=str(self.folder))
        self.assertEqual(code, 1)
        self.assertIn("keep the folder cpu_blas beside libcpu_blas.so", error)
        self.assertEqual(tenon("run", model, "--fill", "ones")[0], 0)

    def test_a_digit_is_recognized_and_its_class_printed_first(self):
        code, output, errors = tenon("run", self.model, "--input", f"image={self.image_file()}")
        self.assertEqual(code, 0, errors)
        self.assertIn("top 5:  [7] ", output)
        self.assertIn("float 1x10", output)

    def test_outputs_of_any_name_get_files_of_their_own(self):
        names = ["a/b", "a_b", "a:b", "x" * 300 + "1", "x" * 300 + "2"]
        model = self.write("copies.onnx", copies_model(names))
        given = []
        for i, name in enumerate(names):
            given += ["--input", f"{name}=in={self.write(f'{i}.npy', npy('<f4', (2,), struct.pack('<2f', i, 9)))}"]
        code, _, errors = tenon("run", model, *given, "--output", self.folder / "out")
        self.assertEqual(code, 0, errors)
        stems = ["a_b~2", "a_b", "a_b~3", "x" * 200, "x" * 200 + "~2"]
        self.assertEqual(sorted(f.name for f in (self.folder / "out").iterdir()), sorted(f"{s}.npy" for s in stems))
        for i, stem in enumerate(stems):
            self.assertEqual(read_npy(self.folder / "out" / f"{stem}.npy")[1], (i, 9))
        self.assertIn("a_b~2.npy: a/b", errors)

    def test_an_input_with_a_default_may_be_given_or_left_out(self):
        model = self.write("default.onnx", copies_model(["y"], default=(3, 4)))
        other = self.write("w.npy", npy("<f4", (2,), struct.pack("<2f", 5, 6)))
        for given, expected in ([], (3, 4)), (["--input", f"w={other}"], (5, 6)):
            code, _, errors = tenon("run", model, "--fill", "ones", *given, "--output", self.folder / "out")
            self.assertEqual(code, 0, errors)
            self.assertEqual(read_npy(self.folder / "out" / "w.npy")[1], expected)
        code, output, errors = tenon("inspect", model)
        self.assertEqual(code, 0, errors)
        self.assertIn("w  float[2]  optional", output)
        ports = json.loads(tenon("inspect", model, "--json")[1])["inputs"]
        self.assertEqual([p.get("has_default", False) for p in ports], [False, True])

    def test_a_protobuf_tensor_is_taken_as_input(self):
        file = self.write("image.pb", tensor_proto([1, 1, 8, 8], self.image()))
        code, output, errors = tenon("run", self.model, "--input", f"image={file}")
        self.assertEqual(code, 0, errors)
        self.assertIn("top 5:  [7] ", output)

    def test_outputs_are_stored_as_npy(self):
        code, _, errors = tenon(
            "run", self.model, "--input", f"image={self.image_file()}", "--output", self.folder / "out"
        )
        self.assertEqual(code, 0, errors)
        header, values = read_npy(self.folder / "out" / "probabilities.npy")
        self.assertIn("'shape': (1, 10)", header)
        self.assertAlmostEqual(sum(values), 1, places=5)
        self.assertEqual(max(range(10), key=values.__getitem__), 7)

    def test_free_dimensions_follow_shape_and_are_noted_otherwise(self):
        code, output, errors = tenon("run", self.model, "--shape", "image=3x1x8x8", "--fill", "ones")
        self.assertEqual(code, 0, errors)
        self.assertIn("float 3x10", output)
        code, output, errors = tenon("run", self.model, "--fill", "zeros")
        self.assertEqual(code, 0, errors)
        self.assertIn("note: input 'image': free dimension batch taken as 1", errors)
        self.assertIn("float 1x10", output)

    def test_the_report_can_be_read_by_programs(self):
        code, output, errors = tenon("run", self.model, "--fill", "ones", "--report", "json")
        self.assertEqual(code, 0, errors)
        self.assertEqual(len(json.loads(output)["placement"]), 9)

    def test_a_profile_is_a_chrome_trace(self):
        trace = self.folder / "trace.json"
        code, _, errors = tenon("run", self.model, "--fill", "ones", "--profile", trace)
        self.assertEqual(code, 0, errors)
        content = json.loads(trace.read_text())
        events = content["traceEvents"] if isinstance(content, dict) else content
        self.assertTrue(any("Conv" in json.dumps(event) or "conv1" in json.dumps(event) for event in events))

    # --- convert ---

    def test_a_model_goes_to_ort_and_back_and_runs_the_same(self):
        ort, back = self.folder / "digits.ort", self.folder / "back.onnx"
        for source, target in ((self.model, ort), (ort, back)):
            code, _, errors = tenon("convert", source, target)
            self.assertEqual(code, 0, errors)
            self.assertIn(f"wrote {target}", errors)
        outputs = []
        for model in (self.model, ort, back):
            code, output, errors = tenon("run", model, "--input", f"image={self.image_file()}", "--report", "none")
            self.assertEqual(code, 0, errors)
            outputs.append(output)
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])

    def test_weights_are_written_beside_the_model_and_mapped_in_place(self):
        model = self.folder / "aligned.onnx"
        code, _, errors = tenon("convert", self.model, model, "--external-data")
        self.assertEqual(code, 0, errors)
        self.assertTrue((self.folder / "aligned.onnx.data").is_file())
        code, output, errors = tenon("run", model, "--input", f"image={self.image_file()}")
        self.assertEqual(code, 0, errors)
        self.assertIn("top 5:  [7] ", output)

    def test_a_conversion_that_cannot_be_is_refused_and_leaves_nothing(self):
        copy = self.write("copy.onnx", self.model.read_bytes())
        cases = [
            ((copy, self.folder / "model.pb"), "ends in neither .onnx nor .ort"),
            ((copy, copy), "is the model itself"),
            ((copy, self.folder / "m.ort", "--external-data"), "--external-data is for .onnx files"),
            ((copy, self.folder / "none" / "m.onnx"), "the folder must exist"),
            ((self.folder / "none.onnx", self.folder / "m.onnx"), "none.onnx"),
            ((self.write("bad.ort", b"\x20\0\0\0ORTM" + b"\xff" * 64), self.folder / "m.onnx"), "structure is damaged"),
        ]
        for arguments, message in cases:
            self.assert_error(tenon("convert", *arguments), message)
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"copy.onnx", "bad.ort"})

    def test_a_model_does_not_lose_its_own_weights_to_a_conversion(self):
        first, second = self.folder / "first.onnx", self.folder / "second.onnx"
        self.assertEqual(tenon("convert", self.model, first, "--external-data")[0], 0)
        first.rename(second)
        self.assert_error(tenon("convert", second, first, "--external-data"), "has its own weights there")

    # --- wrong input ---

    def test_an_unknown_input_name_lists_the_known_ones(self):
        result = tenon("run", self.model, "--input", f"picture={self.image_file()}")
        self.assert_error(result, "no input 'picture'", "'image'", "float[batch,1,8,8]")

    def test_a_wrong_type_is_refused(self):
        file = self.write("image.npy", npy("<i8", (1, 1, 8, 8), bytes(512)))
        self.assert_error(tenon("run", self.model, "--input", f"image={file}"), "image", "int64", "float")

    def test_a_wrong_rank_is_refused(self):
        result = tenon("run", self.model, "--input", f"image={self.image_file((8, 8))}")
        self.assert_error(result, "image", "rank", "2", "4")

    def test_a_wrong_dimension_is_refused(self):
        result = tenon("run", self.model, "--input", f"image={self.image_file((1, 1, 4, 16))}")
        self.assert_error(result, "image", "1x1x4x16", "8")

    def test_an_input_given_twice_is_refused(self):
        pair = f"image={self.image_file()}"
        self.assert_error(tenon("run", self.model, "--input", pair, "--input", pair), "given twice")

    def test_files_that_hold_no_tensor_are_refused(self):
        for name, content, part in [
            ("a.npy", b"", "not a .npy file"),
            ("b.npy", npy("<f4", (1, 1, 8, 8), bytes(12)), "too short"),
            ("c.npy", npy("<f4", (1 << 62, 1 << 62), b""), "too short"),
            ("d.npy", npy(">f4", (1,), bytes(4)), "little-endian"),
            ("e.npy", npy("<f4", (1,), bytes(4)).replace(b"False", b"True "), "ascontiguousarray"),
            ("f.txt", b"1 2 3", "neither a .npy nor a .pb"),
        ]:
            with self.subTest(name):
                result = tenon("run", self.model, "--input", f"image={self.write(name, content)}")
                self.assert_error(result, name, part)
        self.assert_error(tenon("run", self.model, "--input", "image=none.npy"), "none.npy")

    def test_malformed_shapes_are_refused(self):
        for shape in ("image=1x-1x8x8", "image=1xx8", "image=ax8", "image", "=1x1x8x8"):
            with self.subTest(shape):
                self.assert_error(tenon("run", self.model, "--shape", shape), "--shape")

    def test_a_missing_model_is_named(self):
        self.assert_error(tenon("run", self.folder / "none.onnx"), "none.onnx")

    def test_a_garbage_model_is_refused(self):
        file = self.write("garbage.onnx", bytes(range(256)) * 4)
        self.assert_error(tenon("run", file), "garbage.onnx")

    def test_an_unknown_provider_is_named(self):
        self.assert_error(tenon("run", self.model, "--providers", "cpu_warp"), "cpu_warp")

    def test_unknown_options_and_values_are_usage_errors(self):
        self.assert_error(tenon("run", self.model, "--colour"), "--colour", "tenon run --help")
        self.assert_error(tenon("run", self.model, "--fill", "sevens"), "sevens")
        self.assert_error(tenon("dance"), "tenon --help")
        self.assert_error(tenon(), "subcommand")

    def test_numbers_out_of_range_are_answered_with_the_range(self):
        for command, option, value, most in (
            ("run", "--threads", "-1", 65535),
            ("run", "--threads", "abc", 65535),
            ("run", "--timeout-ms", "1.5", 1000000000),
            ("bench", "--warmup", "99999999999999999999", 1000000000),
        ):
            self.assert_error(
                tenon(command, self.model, f"{option}={value}"), f"{option}: '{value}' is no whole number from 0 to {most}"
            )
        self.assert_error(tenon("bench", self.model, "--runs=0"), "--runs: '0' is no whole number from 1 to 1000000000")

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([TENON, "providers"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output could not be written", done.stderr)

    def test_a_protobuf_file_without_an_element_type_is_no_tensor(self):
        wrong = self.write("empty.pb", b"")
        self.assert_error(tenon("run", self.model, "--input", f"image={wrong}"), "input 'image'", "it holds no tensor")

    def test_a_newer_ir_version_is_warned_about(self):
        newer = self.write("newer.onnx", self.model.read_bytes() + b"\x08\x63")  # the last ir_version counts: 99
        code, _, errors = tenon("run", newer)
        self.assertEqual(code, 0, errors)
        self.assertIn("the model has IR version 99, this build knows up to", errors)

    def test_a_newer_opset_is_refused_with_the_newest_known(self):
        content = self.model.read_bytes()
        self.assertEqual(content[-6:-1], b"\x42\x04\x0a\x00\x10")  # opset_import is written last
        newer = self.write("newer.onnx", content[:-6] + b"\x42\x05\x0a\x00\x10\xff\x7f")
        self.assert_error(tenon("run", newer), "imports opset", "or lower (onnx.version_converter lowers it)")

    def test_a_run_past_its_time_is_an_error(self):
        result = tenon("run", self.model, "--fill", "ones", "--shape", "image=20000x1x8x8", "--timeout-ms", "0")
        self.assert_error(result, "deadline")

    # --- check ---

    def data_set(self, outputs):
        data = self.folder / "test_data_set_0"
        data.mkdir()
        (data / "input_0.pb").write_bytes(tensor_proto([1, 1, 8, 8], self.image()))
        (data / "output_0.pb").write_bytes(tensor_proto([1, 10], outputs))
        return data

    def expected(self):
        tenon("run", self.model, "--input", f"image={self.image_file()}", "--output", self.folder)
        return list(read_npy(self.folder / "probabilities.npy")[1])

    def test_check_passes_on_equal_outputs_given_either_folder(self):
        data = self.data_set(self.expected())
        for folder in (data, self.folder):
            code, output, errors = tenon("run", self.model, "--check", folder)
            self.assertEqual(code, 0, output + errors)
            self.assertIn("all outputs agree", output)

    def test_check_fails_and_names_the_worst_difference(self):
        outputs = self.expected()
        outputs[7] -= 0.25
        code, output, _ = tenon("run", self.model, "--check", self.data_set(outputs))
        self.assertEqual(code, 1)
        self.assertIn("FAIL probabilities", output)
        self.assertIn("worst difference 0.25 absolute", output)
        self.assertIn("element 7", output)

    def test_check_tolerances_can_be_set(self):
        outputs = self.expected()
        outputs[7] -= 0.25
        code, output, _ = tenon("run", self.model, "--check", self.data_set(outputs), "--atol", "0.3")
        self.assertEqual(code, 0, output)

    def test_check_of_a_folder_without_data_is_an_error(self):
        self.assert_error(tenon("run", self.model, "--check", self.folder), "input_0.pb")

    # --- the other subcommands ---

    def test_inspect_shows_ports_operators_and_placement(self):
        code, output, errors = tenon("inspect", self.model)
        self.assertEqual(code, 0, errors)
        for part in ("image  float[batch,1,8,8]", "2  Conv", "ai.onnx 17", "mapped in place"):
            self.assertIn(part, output)

    def test_inspect_json_can_be_read_by_programs(self):
        code, output, errors = tenon("inspect", self.model, "--json")
        self.assertEqual(code, 0, errors)
        model = json.loads(output)
        self.assertEqual(model["operators"]["Conv"], 2)
        self.assertEqual(model["opsets"], {"ai.onnx": 17})
        self.assertEqual(model["inputs"][0]["shape"], ["batch", 1, 8, 8])
        self.assertEqual(len(model["report"]["initializers"]), 6)

    def test_bench_json_has_the_promised_keys(self):
        code, output, errors = tenon("bench", self.model, "--runs", 5, "--threads", 1, "--fill", "ones", "--json")
        self.assertEqual(code, 0, errors)
        figures = json.loads(output)
        self.assertLessEqual({"open_ms", "first_run_ms", "latency_ms", "memory", "providers", "threads"}, set(figures))
        self.assertEqual(set(figures["latency_ms"]), {"p50", "p90", "p99", "min"})
        self.assertEqual(set(figures["memory"]), {"mapped_bytes", "private_bytes", "peak_private_bytes"})
        self.assertGreaterEqual(figures["memory"]["mapped_bytes"], self.model.stat().st_size)
        self.assertEqual(figures["threads"], 1)
        self.assertGreater(figures["latency_ms"]["min"], 0)

    def test_bench_holds_what_it_opened_and_says_when(self):
        code, output, errors = tenon("bench", self.model, "--hold-ms", 0)
        self.assertEqual(code, 0, errors)
        self.assertEqual(output.splitlines()[-1], "SESSION_READY")
        code, output, errors = tenon("bench", self.model, "--hold-ms=0", "--hold-after-run", "--json")
        self.assertEqual(code, 0, errors)
        figures, ready = output.splitlines()
        self.assertEqual(ready, "SESSION_READY")
        self.assertGreater(json.loads(figures)["first_run_ms"], 0)

    def test_bench_measures_processes_that_are_alive_together(self):
        code, output, errors = tenon("bench", self.model, "--processes=2", "--hold-after-run", "--json")
        self.assertEqual(code, 0, errors)
        figures = json.loads(output)
        self.assertEqual(figures["measured_after"], "run")
        self.assertEqual(len(figures["processes"]), 2)
        beyond = sum(p["private_bytes"] for p in figures["processes"]) - sum(
            h["private_bytes"] for h in figures["empty_hosts"]
        )
        self.assertEqual(figures["private_bytes_beyond_hosts"], beyond)
        for process in figures["processes"]:
            self.assertGreater(process["open_ms"], 0)
            self.assertGreaterEqual(process["proportional_bytes"], process["private_bytes"])
        code, output, errors = tenon("bench", self.model, "--processes", 2)
        self.assertEqual(code, 0, errors)
        self.assertIn("2 processes, all alive, each after opening", output)

    def test_bench_says_which_process_failed(self):
        result = tenon("bench", self.folder / "none.onnx", "--processes", 2)
        self.assert_error((result[0], result[1], result[2][result[2].rfind("error: ") :]), "ended early")
        self.assertIn("none.onnx", result[2])

    def test_memory_of_a_model_is_told_by_kind(self):
        code, output, errors = tenon("inspect", "--memory", self.model, "--prefetch", "--json")
        self.assertEqual(code, 0, errors)
        figures = json.loads(output)
        files = [e for e in figures["residency"] if e["kind"] == "source file"]
        self.assertEqual([e["name"] for e in files], [str(self.model)])
        self.assertEqual(files[0]["bytes"], self.model.stat().st_size)
        self.assertGreater(figures["process"]["private_bytes"], 0)
        code, output, errors = tenon("inspect", "--memory", self.model, "--prefetch")
        self.assertEqual(code, 0, errors)
        self.assertIn("held by the session once it is open", output)
        self.assertIn("note: prefetched", output)

    def test_memory_of_a_process_is_what_the_system_says(self):
        model = self.write("model.onnx", self.model.read_bytes())
        command = [TENON, "bench", str(model), "--hold-ms", "60000", "--hold-after-run"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            while "SESSION_READY" not in (line := process.stdout.readline()):
                self.assertNotEqual(line, "")
            code, output, errors = tenon("inspect", "--memory", process.pid, "--json")
            amounts = {"Private_Clean": 0, "Private_Dirty": 0, "Rss": 0}
            inside = False
            for line in pathlib.Path(f"/proc/{process.pid}/smaps").read_text().splitlines():
                name = line.split(":")[0]
                if name in amounts and inside:
                    amounts[name] += int(line.split()[1]) * 1024
                elif "kB" not in line and "-" in name:
                    inside = line.endswith(str(model))
            code_text, text, _ = tenon("inspect", "--memory", process.pid)
            process.kill()
        self.assertEqual((code, code_text), (0, 0), errors)
        (entry,) = [e for e in json.loads(output)["residency"] if e["name"] == str(model)]
        self.assertEqual(entry["private_bytes"], amounts["Private_Clean"] + amounts["Private_Dirty"])
        self.assertEqual(entry["resident_bytes"], amounts["Rss"])
        self.assertIn(str(model), text)

    def test_memory_of_no_process_is_an_error(self):
        self.assert_error(tenon("inspect", "--memory", 999999999), "/proc/999999999/smaps", "no such process")

    def test_providers_are_listed(self):
        code, output, errors = tenon("providers", "--json")
        self.assertEqual(code, 0, errors)
        by_name = {entry.get("name"): entry for entry in json.loads(output)}
        self.assertTrue(by_name["cpu_ref"]["usable"])
        self.assertEqual(by_name["cpu_ref"]["abi_versions"], [1, 1])
        code, output, errors = tenon("providers", "cpu_ref", "--json")
        self.assertEqual(code, 0, errors)
        (entry,) = json.loads(output)
        self.assertIn("Conv", entry["operators"])
        self.assertEqual(entry["path"], by_name["cpu_ref"]["path"])

    def test_a_provider_that_cannot_be_used_says_why(self):
        self.write("libbroken.so", b"not a library")
        code, output, _ = tenon("providers", TENON_PROVIDER_PATH=str(self.folder))
        self.assertEqual(code, 0)
        self.assertIn("libbroken.so\n  cannot be used: ", output)

    def test_help_has_examples(self):
        for arguments in ((), ("run",), ("inspect",), ("providers",), ("bench",), ("cache",)):
            code, output, _ = tenon(*arguments, "--help")
            self.assertEqual(code, 0)
            self.assertIn("Examples:", output)

    def test_an_empty_cache_is_listed(self):
        cache = self.folder / "cache"
        code, output, _ = tenon("cache", "ls", TENON_CACHE_DIR=str(cache))
        self.assertEqual(code, 0)
        self.assertIn("0 packs", output)
        self.assertFalse(cache.exists())

    def test_a_damaged_pack_is_named_and_collected(self):
        cache = self.folder / "cache"
        cache.mkdir(mode=0o700)
        pack = cache / ("0" * 32 + ".tpack")
        pack.write_bytes(b"not a pack")
        pack.chmod(0o600)
        code, output, _ = tenon("cache", "verify", "--json", "--folder", cache)
        self.assertEqual(code, 1)
        (entry,) = json.loads(output)["packs"]
        self.assertEqual((entry["path"], entry["bytes"], entry["usable"]), (str(pack), 10, False))
        self.assertIn("not a pack file", entry["error"])
        code, output, _ = tenon("cache", "ls", "--folder", cache)
        self.assertEqual(code, 0)
        self.assertIn("cannot be used", output)
        code, output, _ = tenon("cache", "gc", "--max-bytes", "1GB", "--folder", cache)
        self.assertEqual((code, output), (0, "removed 1 files, 10 B\n"))
        self.assertFalse(pack.exists())

    def test_a_pack_is_listed_and_verified_with_its_model(self):
        cache = self.folder / "cache"
        # Twice the size that is not worth a pack.
        values = struct.pack("<131072f", *([0.5] * 131072))
        model = self.write("large.onnx", matmul_model(values))
        code, _, errors = tenon("run", model, TENON_CACHE_DIR=str(cache), TENON_PACK="auto")
        self.assertEqual(code, 0, errors)
        (entry,) = json.loads(tenon("cache", "ls", "--json", "--folder", cache)[1])["packs"]
        self.assertEqual((entry["source"], entry["usable"], entry["in_use"]), (str(model), True, False))
        code, output, _ = tenon("cache", "verify", "--folder", cache)
        self.assertEqual((code, output.count("ok  "), output.count("not used")), (0, 1, 0), output)
        os.utime(model)
        code, output, _ = tenon("cache", "verify", "--folder", cache)
        self.assertEqual((code, output.count("not used any more")), (0, 1), output)
        self.assertEqual(tenon("cache", "rm", model, "--folder", cache)[0], 0)
        self.assertEqual(list(cache.glob("*.tpack")), [])

    def test_packs_are_removed_by_name_or_all_together(self):
        cache = self.folder / "cache"
        cache.mkdir(mode=0o700)
        packs = [cache / (digit * 32 + ".tpack") for digit in "012"]
        for pack in packs:
            pack.write_bytes(b"")
        self.assert_error(tenon("cache", "rm", "--folder", cache), "--all")
        self.assert_error(tenon("cache", "rm", "other.onnx", "--folder", cache), "other.onnx", "tenon cache ls")
        self.assertEqual(tenon("cache", "rm", packs[0], "--folder", cache)[0], 0)
        self.assertEqual([pack.exists() for pack in packs], [False, True, True])
        self.assertEqual(tenon("cache", "rm", "--all", "--folder", cache)[0], 0)
        self.assertEqual([pack.exists() for pack in packs], [False, False, False])

    @contextlib.contextmanager
    def shared_memory(self):
        """The environment of commands whose packs lie in shared memory."""
        with tempfile.TemporaryDirectory(prefix="tenon_test_", dir="/dev/shm") as root:
            no_folder = self.write("no_folder", b"")
            yield {"TENON_SHM_DIR": root + "/packs", "TENON_CACHE_DIR": str(no_folder), "TENON_PACK": "auto"}

    def test_packs_in_shared_memory_are_listed_verified_and_removed(self):
        model = self.write("large.onnx", matmul_model(struct.pack("<131072f", *([0.5] * 131072))))
        with self.shared_memory() as environment:
            for state in "made", "used":
                code, output, errors = tenon("run", model, "--report", "json", **environment)
                self.assertEqual(code, 0, errors)
                pack = json.loads(output)["pack"]
                self.assertEqual(pack["state"], state)
                self.assertIn("in shared memory: ", pack["reason"])
                self.assertIn("no_folder", pack["reason"])
            (entry,) = json.loads(tenon("cache", "ls", "--json", **environment)[1])["packs"]
            self.assertEqual((entry["source"], entry["path"]), (str(model), pack["path"]))
            code, output, _ = tenon("cache", "verify", **environment)
            self.assertEqual((code, output.count("ok  ")), (0, 1), output)
            self.assertEqual(tenon("cache", "gc", **environment)[:2], (0, "removed 0 files, 0 B\n"))
            self.assertEqual(tenon("cache", "rm", model, **environment)[0], 0)
            self.assertIn("0 packs", tenon("cache", "ls", **environment)[1])
            environment["TENON_CACHE_DIR"] = str(self.folder / "cache")
            places = json.loads(tenon("cache", "ls", "--json", **environment)[1])
            self.assertEqual(places["shared_memory"]["folder"], environment["TENON_SHM_DIR"])

    def test_a_published_model_is_run_by_its_name(self):
        weight = struct.pack("<131072f", *[i % 251 / 128 for i in range(131072)])
        model = self.write("large.onnx", matmul_model(weight))
        run = ("--fill", "random", "--output")
        self.assertEqual(tenon("run", model, *run, self.folder / "a")[0], 0)
        with self.shared_memory() as environment:
            self.assertEqual(tenon("publish", model, "--name", "large", **environment)[:2], (0, "shm:large\n"))
            model.unlink()
            code, _, errors = tenon("run", "shm:large", *run, self.folder / "b", **environment)
            self.assertEqual(code, 0, errors)
            for made in (self.folder / "a").iterdir():
                self.assertEqual(made.read_bytes(), (self.folder / "b" / made.name).read_bytes())
            (entry,) = json.loads(tenon("cache", "ls", "--json", **environment)[1])["packs"]
            self.assertEqual(entry["published"], "large")
            self.assertEqual(tenon("cache", "verify", **environment)[0], 0)
            self.assert_error(tenon("publish", "x.onnx", "--name", "a/b", **environment), "letters, digits")
            self.assertEqual(tenon("cache", "rm", "shm:large", **environment)[0], 0)
            self.assert_error(tenon("run", "shm:large", **environment), "tenon publish")

    def test_a_cache_that_others_may_write_to_is_refused(self):
        cache = self.folder / "cache"
        cache.mkdir()
        cache.chmod(0o777)
        self.assert_error(tenon("cache", "ls", "--folder", cache), "may be written by other users", "chmod go-w")

    def test_the_version_is_told(self):
        code, output, _ = tenon("--version")
        self.assertEqual(code, 0)
        self.assertRegex(output, r"^tenon \d+\.\d+\.\d+\n$")

    def test_no_colours_and_no_progress_without_a_terminal(self):
        _, output, errors = tenon("inspect", self.model)
        self.assertNotIn("\033", output + errors)


if __name__ == "__main__":
    TENON = sys.argv[1]
    DIGITS = pathlib.Path(sys.argv[2]) / "examples" / "digits"
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
