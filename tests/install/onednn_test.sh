#!/bin/bash
# Builds the example provider on oneDNN out of tree, against an installed Tenon alone, has the kit examine it, and lets a
# model and its pack run on it.
# usage: onednn_test.sh SOURCE_FOLDER BUILD_FOLDER
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
work=$(mktemp -d "$build/onednn-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset TENON_PROVIDER_PATH TENON_PROVIDERS LD_LIBRARY_PATH
export TENON_CACHE_DIR=$work/cache

. "$source/tests/install/support.sh"

prefix=$work/prefix
cmake --install "$build" --prefix "$prefix" >"$work/install.log" || fail "installing: $(cat "$work/install.log")"
cmake -S "$source/examples/providers/onednn" -B "$work/onednn" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/onednn.log" 2>&1 ||
  fail "configuring: $(cat "$work/onednn.log")"
cmake --build "$work/onednn" >"$work/onednn.log" 2>&1 || fail "building: $(cat "$work/onednn.log")"
library=$work/onednn/libonednn.so

"$prefix/bin/tenon" conform "$library" --quick >"$work/kit.txt" 2>&1 || fail "the kit: $(cat "$work/kit.txt")"
expect " 0 failed" "$work/kit.txt"

model=$source/examples/digits/digits.onnx
"$prefix/bin/tenon" run "$model" --fill ones --validate --providers "$library,cpu_ref" >"$work/run.txt" 2>&1 ||
  fail "tenon run: $(cat "$work/run.txt")"
expect "onednn" "$work/run.txt"
# Of both convolutions and the product, a multiply-add being two operations.
operations=$((2 * (16 * 64 * 9 + 32 * 16 * 16 * 9 + 10 * 128)))
"$prefix/bin/tenon" bench "$model" --runs 1 --profile --json --providers "$library,cpu_ref" >"$work/profile.txt" 2>&1 ||
  fail "tenon bench: $(cat "$work/profile.txt")"
expect "\"flops\": $operations" "$work/profile.txt"
"$prefix/bin/tenon" pack "$model" --self-contained --to "$work/packed.tpack" --providers "$library,cpu_ref" >"$work/pack.txt" 2>&1 ||
  fail "tenon pack: $(cat "$work/pack.txt")"
"$prefix/bin/tenon" run "$work/packed.tpack" --fill ones --providers "$library,cpu_ref" >"$work/packed.txt" 2>&1 ||
  fail "running the pack: $(cat "$work/packed.txt")"
expect "pack: used" "$work/packed.txt"
expect "packed only" "$work/packed.txt"
echo "the provider on oneDNN works"
