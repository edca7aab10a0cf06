"""Tests of what `tenon run` says of inputs and models that are wrong."""
from command_case import CommandCase, main, npy, tenon


class ErrorsTest(CommandCase):
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


if __name__ == "__main__":
    main()
