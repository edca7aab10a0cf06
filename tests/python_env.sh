#!/bin/bash
# Makes the Python environment of the tests and prints the path of its interpreter.
# usage: python_env.sh FOLDER [REQUIREMENTS]
set -euo pipefail
folder=$1
requirements=${2:-$(dirname "$0")/requirements.txt}
stamp=$folder/.$(basename "$requirements").$(sha256sum "$requirements" | cut -c1-16)
if [ ! -e "$stamp" ]; then
  [ -x "$folder/bin/python" ] || python3 -m venv "$folder" >&2
  if ! "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2; then
    echo "error: the Python packages of $requirements cannot be installed into $folder." >&2
    echo "They come from PyPI: check the network, or install them there yourself and run this again:" >&2
    echo "  $folder/bin/python -m pip install -r $requirements" >&2
    exit 1
  fi
  touch "$stamp"
fi
echo "$folder/bin/python"
