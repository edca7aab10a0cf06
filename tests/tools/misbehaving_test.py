"""Tests of what `tenon` says of a provider that crashes, ends the process or hangs: who, where and for which node.

usage: misbehaving_test.py TENON LIBRARY   (of tests/plugins/misbehaving.cc)
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from command_case import floats, node, onnx_model, port, tensor_proto

TENON = ""
LIBRARY = ""


def model():
    """y = Relu(x) + w, four floats each; the nodes are named."""
    nodes = [node("Relu", ["x"], ["h"], "first"), node("Add", ["h", "w"], ["y"], "second")]
    weight = tensor_proto([4], floats(1, 2, 3, 4), "w")
    return onnx_model(nodes, [port("x", 4)], [port("y", 4)], [weight], opset=14)


# Phase, how the plugin of the tests calls it, what the message says.
FIRST = "node 'first' (Relu, opset 14)"
SECOND = "node 'second' (Add, opset 14)"
PLACES = {
    "constructor": "in the loading of its library ",
    "entry": "in its entry function",
    "create": "in create",
    "claim": "in claim",
    "compile": "in compile of " + FIRST,
    "kernel_create": "in kernel create of " + FIRST,
    "pack_plan": "in pack_plan of " + SECOND,
    "pack": "in pack of " + SECOND,
    "bind_pack": "in bind_pack of " + SECOND,
    "run": "in run of " + FIRST,
    "body": "in a body of parallel_for in run of " + FIRST,
    "kernel_destroy": "in kernel destroy of ",
    "destroy": "in destroy",
}


class MisbehavingTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)
        self.model = self.folder / "model.onnx"
        self.model.write_bytes(model())

    def tenon(self, wish, *arguments, **environment):
        environment = {**os.environ, "TENON_TEST_MISBEHAVE": wish, "TENON_CACHE_DIR": str(self.folder / "c"), **environment}
        done = subprocess.run(
            ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh", TENON, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    def run_model(self, wish, *arguments):
        return self.tenon(wish, "run", self.model, "--fill", "ones", "--providers", LIBRARY, *arguments)

    def assert_named(self, errors, *parts):
        lines = [line for line in errors.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(set(lines)), 1, errors)  # under a sanitizer every thread of a body says so
        for part in ("provider 'misbehaving'", *parts):
            self.assertIn(part, lines[0])

    def test_a_sound_run_says_nothing(self):
        code, _, errors = self.run_model("", "--timeout-ms", "60000")
        self.assertEqual((code, errors), (0, ""))

    def test_a_crash_is_named_in_each_phase_and_ends_by_its_signal(self):
        for phase, place in PLACES.items():
            with self.subTest(phase):
                code, _, errors = self.run_model(f"{phase}:crash")
                self.assert_named(errors, "crashed with SIGSEGV (address 0x8)", place, LIBRARY)
                self.assert_ended_by(code, signal.SIGSEGV, errors)

    def assert_ended_by(self, code, number, errors):
        if "Sanitizer" in errors:  # which has its report to make
            self.assertNotEqual(code, 0)
        else:
            self.assertEqual(code, -number)

    def test_each_way_to_crash_is_named(self):
        for manner, number in (
            ("bus", signal.SIGBUS),
            ("divide", signal.SIGFPE),
            ("abort", signal.SIGABRT),
            ("overflow", signal.SIGSEGV),
        ):
            with self.subTest(manner):
                code, _, errors = self.run_model(f"run:{manner}")
                self.assert_named(errors, f"crashed with {number.name}", PLACES["run"])
                self.assert_ended_by(code, number, errors)
        code, _, errors = self.run_model("run:illegal")
        self.assert_named(errors, "crashed with SIG", PLACES["run"])
        self.assertNotEqual(code, 0)

    def test_an_exception_through_noexcept_is_named_with_its_text(self):
        code, _, errors = self.run_model("run:terminate")
        self.assert_named(errors, "called std::terminate", PLACES["run"], "thrown through noexcept")
        self.assert_ended_by(code, signal.SIGABRT, errors)

    def test_a_provider_that_ends_the_process_is_named_and_the_command_fails(self):
        for phase, place in PLACES.items():
            with self.subTest(phase):
                code, _, errors = self.run_model(f"{phase}:exit")
                self.assert_named(errors, "ended the process by exit()", place)
                self.assertEqual(code, 1)
        for manner in ("_exit", "_Exit", "quick_exit"):
            with self.subTest(manner):
                code, _, errors = self.run_model(f"run:{manner}")
                self.assert_named(errors, f"ended the process by {manner}()", PLACES["run"])
                self.assertEqual(code, 1)

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "one CPU: the host's pool has no other thread")
    def test_a_crash_of_another_thread_in_a_body_is_named(self):
        for manner in ("crash", "overflow"):
            with self.subTest(manner):
                code, _, errors = self.run_model(f"other_body:{manner}", "--threads", "2")
                self.assert_named(errors, "crashed with SIGSEGV", PLACES["body"])
                self.assert_ended_by(code, signal.SIGSEGV, errors)

    def test_crashes_outside_of_any_call_are_named_by_the_library(self):
        for phase in ("own_thread", "destructor"):
            with self.subTest(phase):
                code, _, errors = self.run_model(f"{phase}:crash")
                self.assert_named(errors, "crashed with SIGSEGV", "in a thread that the host was not calling it on", LIBRARY)
                self.assert_ended_by(code, signal.SIGSEGV, errors)

    def test_a_hang_is_named_in_each_phase_and_ends_the_command(self):
        for phase, place in PLACES.items():
            with self.subTest(phase):
                before = time.monotonic()
                code, _, errors = self.run_model(f"{phase}:hang", "--timeout-ms", "300")
                self.assert_named(errors, "--timeout-ms 300", "not returned", place)
                self.assertEqual(code, 1)
                self.assertLess(time.monotonic() - before, 30)

    def test_outputs_are_there_when_the_end_hangs(self):
        _, output, errors = self.run_model("destroy:hang", "--timeout-ms", "300", "--report", "none")
        self.assertIn("y  float", output)
        self.assert_named(errors, PLACES["destroy"])

    def test_other_commands_have_the_limit_too(self):
        for command in (("bench", "--runs", "2"), ("inspect",), ("pack",)):
            with self.subTest(command[0]):
                code, _, errors = self.tenon(
                    "kernel_create:hang", command[0], self.model, *command[1:], "--providers", LIBRARY, "--timeout-ms", "300"
                )
                self.assert_named(errors, "--timeout-ms 300", PLACES["kernel_create"])
                self.assertEqual(code, 1)

    def test_the_list_of_providers_runs_no_code_of_any(self):
        shutil.copy(LIBRARY, self.folder / "libmisbehaving.so")
        for manner in ("crash", "exit", "hang"):
            with self.subTest(manner):
                code, output, errors = self.tenon(f"constructor:{manner}", "providers", TENON_PROVIDER_PATH=str(self.folder))
                self.assertEqual((code, errors), (0, ""))
                self.assertIn("misbehaving 1.0  kernel ABI 1\n", output)
                self.assertIn("cpu_ref ", output)

    def test_a_provider_that_is_named_is_loaded_in_a_process_of_its_own(self):
        for manner, why, timeout_ms in (
            ("crash", "ended", 60000),
            ("exit", "ended the process with exit code 1", 60000),
            ("hang", "did not return within 5000 ms", 5000),
        ):
            with self.subTest(manner):
                code, output, _ = self.tenon(
                    f"constructor:{manner}", "providers", LIBRARY, "cpu_ref", "--timeout-ms", timeout_ms
                )
                self.assertEqual(code, 1)
                self.assertIn(f"cannot be used: a process that loaded provider 'misbehaving' ", output)
                self.assertIn(why, output)
                self.assertIn("Conv", output)
        code, output, errors = self.tenon("", "providers", LIBRARY)
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("misbehaving 1.0  2 operators in 2 kernels, claims groups of nodes", output)


if __name__ == "__main__":
    TENON, LIBRARY = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
