"""Tests of `tenon cache` and `tenon publish`."""
import contextlib
import json
import os
import tempfile

from command_case import CommandCase, floats, main, matmul_model, tenon


class CacheTest(CommandCase):
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
        values = floats(*([0.5] * 131072))
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
        model = self.write("large.onnx", matmul_model(floats(*([0.5] * 131072))))
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
        weight = floats(*[i % 251 / 128 for i in range(131072)])
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


if __name__ == "__main__":
    main()
