"""Tests of packs between real processes: many that start at once, and writers that are killed or whose disk fails at
any system call.

usage: packs_test.py TENON EVERY
EVERY: every how many system calls a writer is killed; sanitizers leave no time for each.
"""
import collections
import errno
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from command_case import floats, matmul_model

TENON = ""
EVERY = 1


class PacksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        # Twice the size that is not worth a pack.
        values = floats(*(i % 251 / 64 for i in range(131072)))
        cls.model = cls.folder / "m.onnx"
        cls.model.write_bytes(matmul_model(values))
        cls.expected = cls.answer_of("expected", "--pack", "off")

    @classmethod
    def environment(cls, cache):
        # Killed programs leave no leaks to look for, and who traces a program hinders the search.
        return {
            **os.environ,
            "TENON_CACHE_DIR": str(cls.folder / cache),
            "TENON_SHM_DIR": str(cls.folder / (cache + "_memory")),
            "TENON_PACK": "auto",
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0",
        }

    @classmethod
    def command(cls, output, *arguments):
        return [TENON, "run", str(cls.model), "--fill", "ones", "--threads", "1", "--report", "json",
                "--output", str(cls.folder / output), *arguments]  # fmt: skip

    def test_a_warm_open_loads_no_library_that_runs_no_node(self):
        environment = self.environment("loaded")
        self.answer_of("loaded")
        command = [TENON, "bench", str(self.model), "--hold-ms", "60000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            while "SESSION_READY" not in process.stdout.readline():
                self.assertIsNone(process.poll())
            mapped = pathlib.Path(f"/proc/{process.pid}/maps").read_text()
            process.kill()
        self.assertIn("libcpu_blas.so", mapped)
        self.assertNotIn("libcpu_ref.so", mapped)
        done = subprocess.run(self.command("loaded_output"), capture_output=True, env=environment, timeout=120)
        providers = json.loads(done.stdout)["providers"]
        self.assertEqual([(p["name"], p["loaded"]) for p in providers], [("cpu_blas", True), ("cpu_ref", False)])

    @classmethod
    def answer_of(cls, name, *arguments):
        """Opens the model with the cache of that name and gives the bytes of its output."""
        done = subprocess.run(
            cls.command(name + "_output", *arguments), capture_output=True, env=cls.environment(name), timeout=120
        )
        assert done.returncode == 0, done.stderr.decode()
        return (cls.folder / (name + "_output") / "y.npy").read_bytes()

    def traced(self, name, *options):
        """Runs the model under strace with the cache of that name; exit code, trace, standard error."""
        probe = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True)
        if "not permitted" in probe.stderr:
            self.skipTest("this machine lets no process trace its child: " + probe.stderr.strip())
        trace = self.folder / "trace"
        done = subprocess.run(
            ["strace", "-f", "-o", str(trace), *options, *self.command(name + "_output")],
            capture_output=True, env=self.environment(name), timeout=120)  # fmt: skip
        return done.returncode, trace.read_text(errors="replace"), done.stderr.decode()

    def cache_command(self, name, *arguments):
        done = subprocess.run([TENON, "cache", *arguments, "--folder", str(self.folder / name)], capture_output=True,
                              text=True, env=self.environment(name), timeout=120)  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def files_with(self, name, suffix):
        return sorted(str(path) for path in (self.folder / name).rglob("*" + suffix))

    def system_calls(self, name):
        """Every system call of an open that makes a pack, as (call, its number among those of that name, whether
        the cache folder was seen before)."""
        code, trace, errors = self.traced(name)
        self.assertEqual(code, 0, errors)
        counts = collections.Counter()
        calls = []
        has_begun = False
        for line in trace.splitlines():
            found = re.match(r"\d+ +(\w+)\(", line)
            if not found:
                continue
            has_begun = has_begun or str(self.folder / name) in line
            counts[found[1]] += 1
            calls.append((found[1], counts[found[1]], has_begun))
        return calls

    def check_recovery(self, name, when):
        """The cache of that name holds no pack or a whole one, the model opens, and nothing is left over."""
        for pack in self.files_with(name, ".tpack"):
            code, output = self.cache_command(name, "verify")
            self.assertEqual(code, 0, f"{when}: {pack} is not whole: {output}")
        self.assertEqual(self.answer_of(name), self.expected, when)
        self.assertEqual(len(self.files_with(name, ".tpack")), 1, when)
        code, output = self.cache_command(name, "gc")
        self.assertEqual(code, 0, f"{when}: {output}")
        self.assertEqual(self.files_with(name, ".tmp") + self.files_with(name, ".lock"), [], when)
        self.assertEqual(self.answer_of(name), self.expected, when)

    def remove_cache(self, name):
        for path in sorted((self.folder / name).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def test_processes_that_start_at_once_make_one_pack(self):
        gate = os.pipe()
        processes = []
        for i in range(32):
            # Each waits until all have started.
            command = ["sh", "-c", f'read -r go <&{gate[0]}; exec "$@"', "sh", *self.command(f"output{i}")]
            processes.append(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=gate[:1],
                                 env=self.environment("many")))  # fmt: skip
        os.close(gate[0])
        os.close(gate[1])
        states = collections.Counter()
        for i, process in enumerate(processes):
            output, errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, errors)
            report = output.decode()
            states[json.JSONDecoder().raw_decode(report[report.index("{") :])[0]["pack"]["state"]] += 1
            self.assertEqual((self.folder / f"output{i}" / "y.npy").read_bytes(), self.expected)
        self.assertEqual(states, {"made": 1, "used": 31})
        self.assertEqual(len(self.files_with("many", ".tpack")), 1)
        self.assertEqual(self.files_with("many", ".tmp") + self.files_with("many", ".lock"), [])

    def test_a_writer_killed_at_any_system_call_leaves_nothing_or_a_whole_pack(self):
        calls = self.system_calls("counted")
        points = [call for i, call in enumerate(calls) if i % (EVERY if call[2] else 10 * EVERY) == 0]
        self.assertGreater(len(points), 150 // EVERY)
        killed = left = 0
        for call, number, _ in points:
            when = f"killed at {call} {number}"
            code, _, errors = self.traced("killed", "-e", f"inject={call}:signal=KILL:when={number}")
            # Addresses and names that are drawn make a call more or less.
            self.assertIn(code, (0, -9, 137), f"{when}: {errors}")
            killed += code != 0
            left += bool(self.files_with("killed", ".tmp"))
            self.check_recovery("killed", when)
            self.remove_cache("killed")
        self.assertGreater(killed, len(points) * 9 // 10)
        if EVERY == 1:
            self.assertGreater(left, 0)

    def test_a_disk_that_fails_at_any_call_costs_at_most_the_pack(self):
        counts = collections.Counter(call for call, _, has_begun in self.system_calls("counted2") if has_begun)
        kinds = ["mkdir", "pwrite64", "fdatasync", "fsync", "rename", "unlink", "utimensat", "flock", "fcntl"]
        self.assertGreater(sum(counts[kind] for kind in kinds), 15)
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            name = errno.errorcode[number]
            for kind in kinds:
                for which in range(1, counts[kind] + 1, EVERY if number == errno.ENOSPC else 3 * EVERY):
                    for until in ("", "+"):
                        when = f"{name} at {kind} {which}{until}"
                        code, _, errors = self.traced("failing", "-e", f"inject={kind}:error={name}:when={which}{until}")
                        self.assertEqual(code, 0, f"{when}: {errors}")
                        output = (self.folder / "failing_output" / "y.npy").read_bytes()
                        self.assertEqual(output, self.expected, when)
                        self.assertEqual(self.answer_of("failing"), self.expected, when)
                        self.remove_cache("failing")


if __name__ == "__main__":
    TENON = sys.argv[1]
    EVERY = int(sys.argv[2])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
