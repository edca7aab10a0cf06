#!/bin/sh
# Builds every libFuzzer target and runs each for the given number of seconds (60 when none is given). Fails on a crash,
# a leak, a hang, or memory beyond the limits; the input that did it stays in build/fuzz/findings. Inputs that reach new
# code are kept in build/fuzz/corpus for the next run.
set -eu
seconds="${1:-60}"
root="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$root"
cmake --preset fuzz >/dev/null
ninja -C build/fuzz fuzzers
mkdir -p build/fuzz/findings
for source in tests/fuzz/*_fuzzer.cc; do
  name="$(basename "$source" .cc)"
  corpus="${name%_fuzzer}"
  mkdir -p "build/fuzz/corpus/$corpus"
  echo "$name: $seconds s"
  TENON_LOG=off "build/fuzz/tests/fuzz/$name" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
    -malloc_limit_mb=64 -print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/findings/ \
    "build/fuzz/corpus/$corpus" "tests/fuzz/corpus/$corpus"
done
