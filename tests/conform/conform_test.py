"""Tests of the conformance kit: what it says of providers that are sound, and of some that each break one rule.

usage: conform_test.py TENON_CONFORM BUILD_FOLDER
"""
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

KIT = ""
BUILD = pathlib.Path()

# What the plugin of the tests breaks (breaker.cc), and the one finding that there is.
BREACHES = {
    "writes_input": "writes-read-only",
    "reads_beyond": "reads-beyond",
    "reads_before": "reads-beyond",
    "overruns_output": "writes-beyond",
    "overruns_scratch": "writes-beyond",
    "unwritten": "output-unwritten",
    "counts_runs": "not-deterministic",
    "remembers": "keeps-state",
    "wrong_in_place": "wrong-in-place",
    "wrong_values": "wrong-values",
    "loses_nan": "loses-nan",
    "flushes": "flushes-denormals",
    "other_type": "wrong-type",
    "shared_scratch": "not-concurrent",
    "depends_on_workers": "depends-on-workers",
    "ignores_error": "ignores-error",
    "slow": "ignores-cancel",
    "leaks_per_run": "leaks-per-run",
    "handler": "changes-signal-handler",
    "locale": "changes-locale",
    "folder": "changes-working-directory",
    "umask": "changes-umask",
    "environment": "changes-environment",
    "flush_to_zero": "changes-floating-point-mode",
    "crash": "crash",
    "exit": "ends-process",
    "abort": "crash",
    "hang": "hang",
    "throws": "internal-error",
    "refuses_all": "over-claims",
    "leaks_per_kernel": "leaks-per-kernel",
    "key_ignores_attribute": "key-too-small",
    "key_ignores_sibling": "key-too-small",
    "sluggish": "much-slower",
    "key_by_address": "pack-differs-by-process",
    "key_empty": "key-empty",
    "pack_unwritten": "pack-unwritten",
    "pack_random": "pack-not-deterministic",
    "pack_keeps_state": "pack-keeps-state",
    "pack_overrun": "writes-beyond",
    "reads_source": "reads-packed-source",
    "trusts_blob": "crash",
    "wrong_group": "wrong-group",
    "over_claims": "over-claims",
    "rule_misspelt": "line-unusable",
    "rule_unusable": "line-unusable",
    "line_of_no_form": "line-unusable",
    "takes_options": "takes-unknown-option",
    "unknown_extension": "unknown-extension",
    "newer_table": "wrong-version",
    "other_name": "descriptor",
    "constructor_thread": "constructor-works",
    "constructor_handler": "constructor-works",
    "entry_thread": "entry-works",
    "slow_to_load": "slow-to-load",
    "leaves_thread": "leaves-threads",
    "leaves_file": "leaves-files",
    "thread_local": "not-unloaded",
    "reads_host_beyond": "reads-beyond",
    "leaks_per_load": "leaks-per-load",
}
# Libraries that break a rule as they lie there.
LIBRARIES = {
    "libbreaker_exports.so": "exports-more",
    "libbreaker_unique.so": "unique-symbols",
    "libbreaker_executable_stack.so": "executable-stack",
    **({"libbreaker_features.so": "wider-instructions"} if platform.machine() == "x86_64" else {}),
}


class ConformTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def kit(self, library, *arguments, breach=None):
        environment = {**os.environ, "TENON_LOG": "off"}
        if breach is not None:
            environment["TENON_TEST_BREAK"] = breach
        command = [KIT, library, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)

    def report(self, library, *arguments, breach=None):
        path = self.folder / "report.json"
        done = self.kit(library, "--json", path, *arguments, breach=breach)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        found = json.loads(path.read_text())
        self.assertEqual(done.returncode, 1 if found["failed"] else 0, done.stdout)
        return found

    def findings(self, report):
        return {check["finding"] for check in report["checks"] if check["verdict"] == "FAIL"}

    def breaker(self, name="libbreaker.so"):
        return BUILD / "tests" / "conform" / name

    def test_sound_providers_pass(self):
        examples = BUILD / "tests" / "plugins"
        for library in (self.breaker(), examples / "libleaky_relu_c99.so", examples / "libscale_cpp.so"):
            report = self.report(library)
            self.assertEqual(self.findings(report), set(), report)
            self.assertGreater(report["passed"], 20)

    def test_the_built_in_providers_pass(self):
        for name in ("cpu_blas", "cpu_ref", "cpu_image"):
            report = self.report(BUILD / "lib" / "tenon" / "providers" / f"lib{name}.so", "--quick")
            failed = [check for check in report["checks"] if check["verdict"] == "FAIL"]
            self.assertEqual(failed, [], name)

    def test_providers_that_were_built_against_earlier_versions_pass(self):
        golden = pathlib.Path(__file__).parents[1] / "kernel_api" / "golden" / platform.machine()
        for library in sorted(golden.glob("*.so")):
            report = self.report(library)
            self.assertEqual(self.findings(report), set(), library.name)
            self.assertGreater(report["passed"], 20)

    def test_each_breach_is_found_by_its_name_and_no_other(self):
        for breach, finding in BREACHES.items():
            with self.subTest(breach=breach):
                limit = ("--limit-ms", 3000) if breach == "hang" else ()
                report = self.report(self.breaker(), *limit, breach=breach)
                self.assertEqual(self.findings(report), {finding}, json.dumps(report, indent=1)[:4000])

    def test_what_is_wrong_with_the_file_is_found(self):
        for name, finding in LIBRARIES.items():
            with self.subTest(library=name):
                self.assertEqual(self.findings(self.report(self.breaker(name))), {finding})

    def test_a_finding_names_kernel_tensor_and_the_command_that_repeats_it(self):
        done = self.kit(self.breaker(), "--only", "memory/Relu-14", breach="overruns_output")
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAIL  memory/Relu-14  [writes-beyond]", done.stdout)
        self.assertRegex(done.stdout, r"output 0.*Relu")
        again = next(line for line in done.stdout.splitlines() if "again: " in line)
        self.assertIn("--only memory/Relu-14 --seed 1", again)

    def test_reports_are_written_in_each_form(self):
        paths = {form: self.folder / form for form in ("json", "junit", "html")}
        arguments = [word for form, path in paths.items() for word in (f"--{form}", path)]
        self.kit(self.breaker(), "--only", "*/Relu-14", *arguments, breach="wrong_values")
        suite = xml.etree.ElementTree.parse(paths["junit"]).getroot()
        self.assertEqual(suite.get("failures"), "1")
        self.assertEqual(suite.find("testcase/failure").get("type"), "wrong-values")
        page = paths["html"].read_text()
        self.assertIn("<b>wrong-values</b>", page)
        self.assertNotIn("<script", page)

    def test_an_exclusion_needs_a_reason_and_must_fail(self):
        excluded = self.folder / "known.txt"
        excluded.write_text("# of the tests\nvalues/Relu-14: rounds where it should not\n")
        report = self.report(self.breaker(), "--only", "*/Relu-14", "--exclude", excluded, breach="wrong_values")
        self.assertEqual(self.findings(report), set())
        report = self.report(self.breaker(), "--only", "*/Relu-14", "--exclude", excluded)
        self.assertEqual(self.findings(report), {"unexpected-pass"})
        excluded.write_text("values/Relu-14\n")
        done = self.kit(self.breaker(), "--exclude", excluded)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is not PATTERN: REASON", done.stderr)

    def test_the_page_tells_every_finding(self):
        page = (pathlib.Path(__file__).parents[2] / "docs" / "conformance.md").read_text()
        for finding in {*BREACHES.values(), *LIBRARIES.values()}:
            self.assertIn(f"`{finding}`", page)

    def test_what_is_no_provider_is_said_to_be_none(self):
        other = self.folder / "libother.so"
        other.write_bytes(b"not a library")
        report = self.report(other)
        self.assertIn("not-elf", self.findings(report))


if __name__ == "__main__":
    KIT, BUILD = sys.argv[1], pathlib.Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
