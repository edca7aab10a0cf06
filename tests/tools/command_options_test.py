"""Tests of the options of a session: as flags of the command, in its list, and on their page."""
import json

import command_case
from command_case import CommandCase, main, tenon

BAD = {"0 or 1": "2", "whole number": "two", "a list": ",", "auto": "sometimes", "always": "never"}


def options():
    return json.loads(tenon("options", "--json")[1])


class OptionsTest(CommandCase):
    def test_the_page_is_what_the_table_says(self):
        code, page, errors = tenon("options", "--markdown")
        self.assertEqual(code, 0, errors)
        written = (command_case.DIGITS.parents[1] / "docs/options.md").read_text()
        self.assertMultiLineEqual(
            written, page, "docs/options.md is behind the table: tenon options --markdown > docs/options.md"
        )

    def test_every_option_is_listed(self):
        code, output, errors = tenon("options")
        self.assertEqual(code, 0, errors)
        for option in options():
            self.assertIn(f"{option['name']}  {option['values']}, default {option['default']}", output)
            self.assertIn(option["help"], output)

    def test_every_flag_is_in_the_help_of_commands_that_open_a_model(self):
        flags = [option["flag"] for option in options() if option["flag"]]
        self.assertIn("--threads", flags)
        for command in ("run", "bench", "inspect", "pack", "publish", "idle-host"):
            _, output, _ = tenon(command, "--help")
            for flag in flags:
                self.assertIn(f"  {flag} ", output, command)

    def test_bad_values_of_flags_are_answered_with_what_is_expected(self):
        for option in options():
            bad = next((value for start, value in BAD.items() if option["values"].startswith(start)), None)
            if not option["flag"] or bad is None or option["values"] == "0 or 1":
                continue
            expected = [option["flag"]] if bad == "," else [option["flag"], f"'{bad}' is n", option["values"]]
            self.assert_error(tenon("run", self.model, f"{option['flag']}={bad}"), *expected)

    def test_bad_values_of_variables_are_answered_with_their_name(self):
        for option in options():
            variable, _, value = option["environment"].partition("=")
            bad = next((bad for start, bad in BAD.items() if option["values"].startswith(start)), None)
            if not variable or bad is None or value == "off" or option["name"] == "cache_max_bytes":
                continue
            self.assert_error(tenon("run", self.model, **{variable: bad}), variable)


if __name__ == "__main__":
    main()
