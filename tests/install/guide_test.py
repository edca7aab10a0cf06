#!/usr/bin/env python3
"""Does what docs/provider_guide.md says, in an empty folder, with an installed Tenon. Exit code 1 where it does not work.

usage: guide_test.py GUIDE PREFIX MODEL

Blocks of "sh" are run in order. A block of "cpp" goes where the comment before it says, `<!-- FILE before: TEXT -->` or
`<!-- FILE replace: TEXT -->`, a space in TEXT standing for any white space. `<!-- expect: TEXT -->`: what the last block of
"sh" has printed. In the end folders "expected" and "found" hold the same output.
"""
import array
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PART = re.compile(r"<!-- (?P<note>.*?) -->|^```(?P<language>\w+)\n(?P<block>.*?)^```$", re.S | re.M)


def run(commands, folder, environment):
    done = subprocess.run(["bash", "-euc", commands], cwd=folder, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"FAIL: exit code {done.returncode} of\n{commands}\n{done.stdout}")
    return done.stdout


def put(place, block, folder):
    name, how, wanted = re.fullmatch(r"(\S+) (before|replace): (.*)", place).groups()
    file = folder / name
    text = file.read_text()
    found = re.search(r"\s+".join(map(re.escape, wanted.split(" "))), text)
    if found is None:
        sys.exit(f"FAIL: {name} has no '{wanted}'")
    block = block if how == "before" else block.strip()
    file.write_text(text[:found.start()] + block + text[found.start() if how == "before" else found.end():])


def floats(path):
    """Of a .npy file of version 1, without numpy."""
    data = path.read_bytes()
    start = 10 + int.from_bytes(data[8:10], "little")
    return array.array("f", data[start:])


def main():
    guide, prefix, model = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    environment = {**os.environ, "MODEL": str(model), "PATH": f"{prefix}/bin:{os.environ['PATH']}",
                   "CMAKE_PREFIX_PATH": str(prefix)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        environment["TENON_CACHE_DIR"] = f"{scratch}/cache"
        place, printed, done = None, "", 0
        for part in PART.finditer(guide.read_text()):
            if part["note"]:
                kind, _, text = part["note"].partition(": ")
                if kind != "expect":
                    place = part["note"]
                elif text not in printed:
                    sys.exit(f"FAIL: '{text}' is not in what was printed:\n{printed}")
            elif part["language"] == "sh":
                printed, done = run(part["block"], folder, environment), done + 1
            elif part["language"] == "cpp":
                put(place, part["block"], folder)
        if done == 0:
            sys.exit("FAIL: the guide has no commands")
        expected, found = (floats(folder / name / "probabilities.npy") for name in ("expected", "found"))
        if any(abs(a - b) > 1e-5 for a, b in zip(expected, found, strict=True)):
            sys.exit(f"FAIL: the outputs differ: expected {expected}, found {found}")
    print("the guide works")


if __name__ == "__main__":
    main()
