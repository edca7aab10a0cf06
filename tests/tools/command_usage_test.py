"""Tests of what holds for all subcommands: usage errors, help, providers, output."""
import json
import subprocess

from command_case import CommandCase, command, main, tenon


class UsageTest(CommandCase):
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
            done = subprocess.run(command("providers"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output could not be written", done.stderr)

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

    def test_the_version_is_told(self):
        code, output, _ = tenon("--version")
        self.assertEqual(code, 0)
        self.assertRegex(output, r"^tenon \d+\.\d+\.\d+\n$")

    def test_no_colours_and_no_progress_without_a_terminal(self):
        _, output, errors = tenon("inspect", self.model)
        self.assertNotIn("\033", output + errors)


if __name__ == "__main__":
    main()
