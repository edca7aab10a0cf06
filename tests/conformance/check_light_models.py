"""Runs `tenon run --check` on every light model that export_light_models.py has exported. Exit code 1 if one fails.

usage: check_light_models.py TENON FOLDER PROVIDERS [--only NAME,NAME] [--skip NAME,NAME]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time


def names(text):
    return set(filter(None, text.split(",")))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("providers")
    parser.add_argument("--only", type=names, default=set())
    parser.add_argument("--skip", type=names, default=set())
    arguments = parser.parse_args()

    passed = failed = 0
    for model in json.loads((arguments.folder / "models.json").read_text())["models"]:
        name = model["name"]
        if name in arguments.skip or (arguments.only and name not in arguments.only):
            continue
        folder = arguments.folder / name
        command = [arguments.tenon, "run", folder / "model.onnx", "--check", folder, "--providers", arguments.providers]
        command += ["--rtol", str(model["rtol"]), "--atol", str(model["atol"])]
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - start
        if done.returncode == 0:
            passed += 1
            print(f"ok    {name}  {seconds:.1f} s")
        else:
            failed += 1
            print(f"FAIL  {name}  {seconds:.1f} s\n{done.stdout}{done.stderr}", end="")
        sys.stdout.flush()
    print(f"light models on {arguments.providers}: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
