#!/bin/bash
# Lets allocations, and calls that read files, fail in turn over opens, packs, runs, control flow and closes: every STEPth
# allocation, or each one. Fails when one ends or hangs the process, gives an error that it should not, or leaves a session
# that answers otherwise.
# usage: run_memory_faults.sh BUILD_FOLDER [STEP]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
step=${2:-1}
data=$build/../conformance
python=$("$here/../python_env.sh" "$build/../venv")
"$python" "$here/../conformance/export_node_tests.py" "$data/nodes"
"$python" "$here/../conformance/export_light_models.py" "$data/light"
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
export TENON_LOG=off
failed=0
run() {
  # A child that dies tells where on its error output.
  "$build/tests/memory_faults" "$@" || failed=1
}
run "$here/../../examples/digits/digits.onnx" --step "$step"
for test in loop11 scan9_sum if; do run "$data/nodes/test_$test/model.onnx" --step "$step"; done
# Few calls, so each of them.
run "$here/../../examples/digits/digits.onnx" --calls files
for pack in off made used; do
  run "$data/light/squeezenet/model.onnx" --calls files --pack $pack --cache "$cache/packs"
done
# Many more of the same kinds, each slower.
slow=$((step > 1 ? step * 20 : 1))
for pack in off made used; do
  run "$data/light/squeezenet/model.onnx" --pack $pack --cache "$cache/packs" --step $slow
done
exit $failed
