#!/bin/bash
# Runs random mutants of the node tests, in structure and in bytes, and of the plans of their packs, through the C API of
# a build. Fails when one crashes, hangs, outlives its deadline, takes more memory than it may or meets an internal
# error; its model then stays in build/mutants. README.md has the last long run.
# usage: run_mutants.sh BUILD_FOLDER [MUTANTS_OF_EACH_KIND [SEED]]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
count=${2:-20000}
seed=${3:-1}
data=$build/../conformance/nodes
names=$here/../conformance/passing/cpu_ref.txt
python=$("$here/../python_env.sh" "$build/../venv")
"$python" "$here/../conformance/export_node_tests.py" "$data"
# The process of a sanitized build keeps what was freed for a while, and tells a failed allocation as the release does.
export ASAN_OPTIONS="quarantine_size_mb=16:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
export TENON_LOG=off
for kind in structure bytes; do
  "$build/tests/model_mutants" --data "$data" --names "$names" --kind $kind --mutants "$count" --seed "$seed" \
    --save "$build/../mutants"
done
# A tenth, which is what is asked of them. Node tests have few weights and no groups: a whole model has both.
"$build/tests/plan_mutants" --data "$data" --names "$names" --mutants $((count / 10)) --seed "$seed" \
  --model "$here/../../examples/digits/digits.onnx"
