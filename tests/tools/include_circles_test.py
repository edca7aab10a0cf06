"""What tools/include_circles.py says of trees with and without circles. usage: include_circles_test.py"""
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(__file__), '..', '..', 'tools', 'include_circles.py')


def look(files):
    with tempfile.TemporaryDirectory() as root:
        for path, includes in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as f:
                f.writelines(f'#include "{name}"\n' for name in includes)
        done = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


class IncludeCircles(unittest.TestCase):
    def test_a_source_may_include_its_own_header_and_rooms_below(self):
        code, text = look({'host/a.h': [], 'host/a.cc': ['host/a.h', 'host/b.h'], 'host/b.h': []})
        self.assertEqual(code, 0, text)
        self.assertIn('2 rooms, 0 circles', text)

    def test_a_circle_through_a_source_is_one(self):
        code, text = look({'host/a.h': [], 'host/a_posix.cc': ['host/b.h'], 'host/b.h': ['host/a.h']})
        self.assertEqual(code, 1)
        self.assertIn('host/a -> host/b', text)
        self.assertIn('host/b -> host/a', text)

    def test_a_provider_that_includes_the_host_is_named(self):
        code, text = look({'host/a.h': [], 'providers/cpu_ref/x.cc': ['host/a.h']})
        self.assertEqual(code, 1)
        self.assertIn('providers/cpu_ref/x.cc includes host/a.h', text)

    def test_a_command_that_includes_what_is_behind_the_api_is_named(self):
        files = {'host/a.h': [], 'host/api/include/tenon/x.hpp': [], 'tools/x.cc': ['host/a.h', 'tenon/x.hpp']}
        code, text = look(files)
        self.assertEqual(code, 1)
        self.assertIn('tools/x.cc includes host/a.h', text)
        self.assertNotIn('includes host/api', text)
        files['tools/x.cc'] = ['tenon/x.hpp']
        self.assertEqual(look(files)[0], 0)

    def test_an_exception_that_nothing_needs_is_named(self):
        code, text = look({'host/a.h': [], 'tools/cache.cc': []})
        self.assertEqual(code, 1)
        self.assertIn('tools/cache.cc is in HOST_TOOLS', text)


if __name__ == '__main__':
    unittest.main()
