"""Tests of what `tenon convert` writes."""
import json

from command_case import CommandCase, floats, int64s, main, node, npy, onnx_model, port, read_npy, tenon, tensor_proto

ROW = 64  # floats


def looks_model():
    """Outputs of x times rows of a weight, 12 x ROW floats that count up, through nodes that only look at it, and one
    that is such rows; with the first row and the number of rows of each."""
    weight = tensor_proto([12, ROW], floats(*range(12 * ROW)), "w")
    numbers = {"square": (4, 3, ROW), "rows": (-1, ROW), "parts": (5, 7), "zero": (0,), "one": (1,), "two": (2,)}
    numbers |= {"four": (4,), "back": (-1,), "far": (-(2**62),)}
    nodes = [
        node("Identity", ["w"], ["same"]),
        node("Reshape", ["same", "square"], ["squares"]),
        node("Slice", ["squares", "back", "four"], ["last_square"]),
        node("Squeeze", ["last_square", "zero"], ["square_rows"]),
        node("Reshape", ["squares", "rows"], ["again"]),
        node("Split", ["again", "parts"], ["first", "second"]),
        node("Slice", ["second", "one", "four"], ["some"]),
        node("Slice", ["second", "two", "one", "zero", "back"], ["backwards"]),
        node("Slice", ["second", "far", "far", "zero", "back"], ["clamped"]),
        node("Identity", ["some"], ["some_rows"]),
    ]
    looks = {"square_rows": (9, 3), "first": (0, 5), "second": (5, 7), "some": (6, 3), "backwards": (7, 1)}
    looks["clamped"] = (5, 1)
    nodes += [node("Mul", [name, "x"], [f"{name}_x"]) for name in looks]
    outputs = {f"{name}_x": rows for name, rows in looks.items()} | {"some_rows": looks["some"]}
    ports = [port(name, count, ROW) for name, (_, count) in outputs.items()]
    constants = [weight, *(int64s(name, *values) for name, values in numbers.items())]
    return onnx_model(nodes, [port("x", 1)], ports, constants), outputs


class ConvertTest(CommandCase):
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

    def test_weights_that_nodes_only_look_at_keep_their_values(self):
        content, outputs = looks_model()
        names = ["looks.ort", "plain.onnx", "beside.onnx", "of_ort.onnx", "of_beside.ort"]
        ort, plain, beside, of_ort, of_beside = (self.folder / name for name in names)
        source = self.write("looks.onnx", content)
        ways = [(source, ort), (source, plain), (source, beside, "--external-data"), (ort, of_ort), (beside, of_beside)]
        for way in ways:
            self.assertEqual(tenon("convert", *way)[0], 0)
        two = self.write("two.npy", npy("<f4", (1,), floats(2)))
        for model in source, ort, plain, beside, of_ort, of_beside:
            out = self.folder / (model.name + ".out")
            with self.subTest(model.name):
                code, output, errors = tenon("run", model, "--input", f"x={two}", "--output", out, "--report", "json")
                self.assertEqual(code, 0, errors)
                if model in (ort, of_beside):  # aligned: the rows are views, not copies
                    self.assertEqual(json.loads(output)["memory"]["computed_weight_bytes"], 0)
                for name, (first, count) in outputs.items():
                    factor = 2 if name.endswith("_x") else 1
                    expected = tuple(float(factor * i) for i in range(first * ROW, (first + count) * ROW))
                    self.assertEqual(read_npy(out / f"{name}.npy")[1], expected, name)

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
            ((copy, self.folder / "m.ort", "--external-data"), "external data is for .onnx files"),
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


if __name__ == "__main__":
    main()
