"""Tests of what `tenon run` takes and gives, and what --check says."""
import json
import shutil

from command_case import (
    CommandCase, field, floats, int_field, main, node, npy, onnx_model, port, read_npy, sequence_port, tenon, tensor_proto
)


def copies_model(names, default=None):
    """Each output is its input of that name and '=in', two floats; `default`: of an input 'w', an output too."""
    ports = {name: port(name, 2) for name in ["w", *names, *(f"{name}=in" for name in names)]}
    nodes = [node("Identity", [f"{name}=in"], [name]) for name in names]
    inputs, outputs = [ports[f"{name}=in"] for name in names], [ports[name] for name in names]
    if default is None:
        return onnx_model(nodes, inputs, outputs)
    weight = tensor_proto([2], floats(*default), "w")
    return onnx_model(nodes, [*inputs, ports["w"]], [*outputs, ports["w"]], [weight])


def product_model():
    """y = a b, two inputs of 16 x 16 floats: OpenBLAS's on narrow instruction sets."""
    ports = [port(name, 16, 16) for name in "aby"]
    return onnx_model([node("MatMul", ["a", "b"], ["y"])], ports[:2], ports[2:])


def parts_model():
    """s: the elements of x, two floats, as a sequence; n: how many they are."""
    return onnx_model([node("SplitToSequence", ["x"], ["s"]), node("SequenceLength", ["s"], ["n"])],
                      [port("x", 2)], [sequence_port("s"), port("n", element_type=7)])


class RunTest(CommandCase):
    def test_cpu_blas_without_its_openblas_fails_products_of_activations_with_the_mend(self):
        code, output, error = tenon("providers", "--json")
        self.assertEqual(code, 0, error)
        library = next(p["path"] for p in json.loads(output) if p.get("name") == "cpu_blas")
        shutil.copy(library, self.folder)
        model = self.write("product.onnx", product_model())
        command = ("run", model, "--fill", "ones", "--providers", "cpu_blas:isa=sse4")
        code, _, error = tenon(*command, TENON_PROVIDER_PATH=str(self.folder))
        self.assertEqual(code, 1)
        self.assertIn("keep the folder cpu_blas beside libcpu_blas.so", error)
        self.assertEqual(tenon(*command)[0], 0)

    def test_cpu_ref_without_its_re2_refuses_regular_expressions_with_the_mend(self):
        code, output, error = tenon("providers", "--json")
        self.assertEqual(code, 0, error)
        library = next(p["path"] for p in json.loads(output) if p.get("name") == "cpu_ref")
        shutil.copy(library, self.folder)
        pattern = field(5, field(1, b"pattern") + field(4, b"a*") + int_field(20, 3))
        model = self.write("pattern.onnx", onnx_model(
            [node("RegexFullMatch", ["x"], ["y"]) + pattern], [port("x", 1, element_type=8)],
            [port("y", 1, element_type=9)], opset=20))
        code, _, error = tenon("run", model, TENON_PROVIDER_PATH=str(self.folder))
        self.assertEqual(code, 1)
        self.assertIn("keep the folder cpu_ref beside libcpu_ref.so", error)

    def test_an_image_needs_its_provider_in_a_list_that_the_user_gives(self):
        model = self.write("image.onnx", onnx_model(
            [node("ImageDecoder", ["x"], ["y"])], [port("x", 3, element_type=2)],
            [port("y", 0, 0, 3, element_type=2)], opset=20))
        code, _, error = tenon("run", model, "--fill", "ones", "--providers", "cpu_blas,cpu_ref")
        self.assertEqual(code, 1)
        self.assertIn("Add cpu_image to the list of providers", error)
        for providers in [], ["--providers", "cpu_image"]:
            code, _, error = tenon("run", model, "--fill", "ones", *providers)
            self.assertEqual(code, 0, error)
            self.assertIn("the stream is none of BMP, JPEG", error)

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
            given += ["--input", f"{name}=in={self.write(f'{i}.npy', npy('<f4', (2,), floats(i, 9)))}"]
        code, _, errors = tenon("run", model, *given, "--output", self.folder / "out")
        self.assertEqual(code, 0, errors)
        stems = ["a_b~2", "a_b", "a_b~3", "x" * 200, "x" * 200 + "~2"]
        self.assertEqual(sorted(f.name for f in (self.folder / "out").iterdir()), sorted(f"{s}.npy" for s in stems))
        for i, stem in enumerate(stems):
            self.assertEqual(read_npy(self.folder / "out" / f"{stem}.npy")[1], (i, 9))
        self.assertIn("a_b~2.npy: a/b", errors)

    def test_a_sequence_is_printed_and_stored_by_element(self):
        model = self.write("parts.onnx", parts_model())
        x = self.write("x.npy", npy("<f4", (2,), floats(3, 4)))
        code, output, errors = tenon("run", model, "--input", f"x={x}", "--output", self.folder / "out")
        self.assertEqual(code, 0, errors)
        self.assertIn("sequence(float) of 2\n  [0] float 1  3\n  [1] float 1  4\n", output)
        self.assertEqual(sorted(f.name for f in (self.folder / "out").iterdir()), ["n.npy", "s.0.npy", "s.1.npy"])
        self.assertEqual(read_npy(self.folder / "out" / "s.1.npy")[1], (4,))
        self.assertIn("wrote", errors)
        self.assertIn("s.1.npy: s[1]", errors)

    def test_a_sequence_is_held_against_a_data_set(self):
        model = self.write("parts.onnx", parts_model())
        (self.folder / "set").mkdir()
        self.write("set/input_0.pb", tensor_proto([2], floats(3, 4)))
        self.write("set/output_1.pb", tensor_proto([], (2).to_bytes(8, "little"), element_type=7))
        for last, code in ((4, 0), (5, 1)):
            parts = [field(3, tensor_proto([1], floats(value))) for value in (3, last)]
            self.write("set/output_0.pb", b"".join(parts))
            found, output, errors = tenon("run", model, "--check", self.folder / "set")
            self.assertEqual(found, code, errors)
        self.assertIn("element 1 ", output)

    def test_an_input_with_a_default_may_be_given_or_left_out(self):
        model = self.write("default.onnx", copies_model(["y"], default=(3, 4)))
        other = self.write("w.npy", npy("<f4", (2,), floats(5, 6)))
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
        file = self.write("image.pb", tensor_proto([1, 1, 8, 8], floats(*self.image())))
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
        nodes = [n["node"] for n in json.loads(output)["placement"]]
        # Beside the model's own: where channels move.
        self.assertEqual(len([n for n in nodes if "/channels_" not in n]), 9, nodes)

    def test_a_profile_is_a_chrome_trace(self):
        trace = self.folder / "trace.json"
        code, _, errors = tenon("run", self.model, "--fill", "ones", "--profile", trace)
        self.assertEqual(code, 0, errors)
        content = json.loads(trace.read_text())
        events = content["traceEvents"] if isinstance(content, dict) else content
        self.assertTrue(any("Conv" in json.dumps(event) or "conv1" in json.dumps(event) for event in events))

    def data_set(self, outputs):
        data = self.folder / "test_data_set_0"
        data.mkdir()
        (data / "input_0.pb").write_bytes(tensor_proto([1, 1, 8, 8], floats(*self.image())))
        (data / "output_0.pb").write_bytes(tensor_proto([1, 10], floats(*outputs)))
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


if __name__ == "__main__":
    main()
