"""docs/operators.md is what the tables say. usage: operators_page_test.py TENON SOURCE_FOLDER"""
import pathlib
import subprocess
import sys
import unittest

TENON, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])


class OperatorsPageTest(unittest.TestCase):
    maxDiff = 4000

    def test_the_page_is_what_the_tables_say(self):
        command = [TENON, "providers", "cpu_blas", "cpu_ref", "--markdown"]
        page = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        written = (SOURCE / "docs/operators.md").read_text()
        self.assertMultiLineEqual(
            written, page, "docs/operators.md is behind the tables: tenon providers cpu_blas cpu_ref --markdown > docs/operators.md"
        )


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
