"""Tests of what `tenon convert` writes."""
from command_case import CommandCase, main, tenon


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


if __name__ == "__main__":
    main()
