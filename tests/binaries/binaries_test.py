"""Holds what was built to what it exports and how it is hardened, as readelf shows it.
usage: binaries_test.py [--compiler=CC] [--fortified] KIND=FILE ...
KIND: api (libtenon), provider, re2, program. --compiler: whose start files say whether CET can be asked for.
--fortified: the build defines _FORTIFY_SOURCE."""
import os
import platform
import re
import subprocess
import sys
import unittest

EXPORTS = {'api': r'tenon_\w+', 'provider': 'tenon_provider_entry', 're2': 'tenon_re2'}
FILES, OPTIONS = [], {}


def readelf(option, path):
    return subprocess.run(['readelf', '--wide', option, path], capture_output=True, text=True, check=True).stdout


def dynamic_symbols(path):
    """(name, whether the file defines it) of each, without versions."""
    for line in readelf('--dyn-syms', path).splitlines():
        words = line.split()
        if len(words) >= 8 and words[0].rstrip(':').isdigit():
            yield words[7].split('@')[0], words[6] != 'UND'


def has_cet(path):
    notes = readelf('--notes', path)
    return 'IBT' in notes and 'SHSTK' in notes


class Binaries(unittest.TestCase):
    def check(self, kinds, look):
        """look(kind, path) of each file of these kinds; of all where there are none."""
        found = [(kind, path) for kind, path in FILES if not kinds or kind in kinds]
        self.assertTrue(found, 'no file to look at')
        for kind, path in found:
            with self.subTest(file=path):
                look(kind, path)

    def test_libraries_export_their_interface_and_nothing_else(self):
        def look(kind, path):
            exported = [name for name, defined in dynamic_symbols(path) if defined]
            self.assertTrue(exported, 'nothing is exported')
            self.assertEqual([name for name in exported if not re.fullmatch(EXPORTS[kind], name)], [])
        self.check(EXPORTS, look)

    def test_relocated_tables_are_read_only_before_the_first_call(self):
        def look(_kind, path):
            self.assertIn('GNU_RELRO', readelf('--program-headers', path))
            self.assertRegex(readelf('--dynamic', path), r'\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b')
        self.check((), look)

    def test_no_memory_is_both_written_and_run(self):
        def look(_kind, path):
            headers = readelf('--program-headers', path)
            self.assertRegex(headers, r'GNU_STACK(\s+0x\w+){5}\s+RW ')
            self.assertNotRegex(headers, r'LOAD(\s+0x\w+){5}\s+RWE')
            self.assertNotIn('TEXTREL', readelf('--dynamic', path))
        self.check((), look)

    def test_programs_are_mapped_where_nobody_knows(self):
        def look(_kind, path):
            self.assertRegex(readelf('--dynamic', path), r'\(FLAGS_1\).*\bPIE\b')
        self.check(('program',), look)

    def test_stacks_are_guarded(self):
        def look(_kind, path):
            self.assertIn('__stack_chk_fail', [name for name, _ in dynamic_symbols(path)])
        self.check(('api', 're2', 'program'), look)

    def test_copies_are_checked_where_the_compiler_knows_the_size(self):
        if not OPTIONS.get('fortified'):
            self.skipTest('this build does not define _FORTIFY_SOURCE')
        def look(_kind, path):
            self.assertTrue([name for name, _ in dynamic_symbols(path) if re.fullmatch(r'__\w+_chk', name)])
        self.check(('api', 'program'), look)

    def test_jumps_and_returns_are_guarded_by_the_cpu(self):
        if platform.machine() not in ('x86_64', 'AMD64'):
            self.skipTest('CET is of x86')
        crti = subprocess.run([OPTIONS['compiler'], '-print-file-name=crti.o'], capture_output=True, text=True,
                              check=True).stdout.strip()
        # A linked file has the property only if all that it was linked from have it, and these files are in each.
        if not os.path.isabs(crti) or not has_cet(crti):
            self.skipTest(f"the C library's {crti} is not marked for IBT and SHSTK, as Debian 12's is not")
        def look(_kind, path):
            self.assertTrue(has_cet(path))
        self.check(('api', 'provider', 're2', 'program'), look)


if __name__ == '__main__':
    for argument in sys.argv[1:]:
        name, _, value = argument.partition('=')
        if name.startswith('--'):
            OPTIONS[name[2:]] = value or True
        else:
            FILES.append((name, value))
    unittest.main(argv=sys.argv[:1], verbosity=2)
