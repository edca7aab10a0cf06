#!/bin/bash
# Configures a preset and builds it. Shows progress in one line on a terminal, and the whole log when something fails.
# usage: tools/build.sh PRESET [TARGET ...]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
# ccache learns from the compiler what a file includes, instead of running the preprocessor first: a build from nothing
# takes no longer with it.
export CCACHE_BASEDIR=$PWD CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros
mkdir -p "build/$preset"
log=build/$preset/build.log
if ! cmake --preset "$preset" >"$log" 2>&1; then
  cat "$log" >&2
  echo "error: configuring '$preset' failed" >&2
  exit 1
fi
if [ -t 1 ]; then
  cmake --build --preset "$preset" --target "${@:-all}"
elif ! cmake --build --preset "$preset" --target "${@:-all}" >"$log" 2>&1; then
  cat "$log" >&2
  echo "error: building '$preset' failed" >&2
  exit 1
fi
