#!/bin/bash
# Exports the node tests and light models of the newest onnx package and runs them on the built providers.
# usage: run.sh BUILD_FOLDER nodes|light|light-slow
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
data=$build/../conformance
python=$("$here/../python_env.sh" "$build/../venv")

nodes() {
  "$python" "$here/export_node_tests.py" "$data/nodes"
  for providers in cpu_ref cpu_blas,cpu_ref; do
    "$build/tests/node_tests" --data "$data/nodes" --providers "$providers" --expect "$here/passing/${providers//,/+}.txt"
  done
}

light() {
  "$python" "$here/export_light_models.py" "$data/light"
  "$python" "$here/check_light_models.py" "$build/tools/tenon" "$data/light" "$@"
}

case $2 in
  nodes) nodes ;;
  light)
    light cpu_blas,cpu_ref
    ;;
  light-slow) light cpu_ref ;;
  *)
    echo "error: '$2' is none of nodes, light, light-slow" >&2
    exit 1
    ;;
esac
