#!/bin/bash
# Installs the build into an empty prefix, moves that, and uses it as an application would: both example programs are
# built against it (find_package and pkg-config) and run, and so is the installed command.
# usage: install_test.sh SOURCE_FOLDER BUILD_FOLDER
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
work=$(mktemp -d "$build/install-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
# What the build tree offers must not help.
unset TENON_PROVIDER_PATH TENON_PROVIDERS LD_LIBRARY_PATH

. "$source/tests/install/support.sh"

cmake --install "$build" --prefix "$work/first" >"$work/install.log" || fail "installing: $(cat "$work/install.log")"
mv "$work/first" "$work/prefix"
prefix=$work/prefix
model=$source/examples/digits/digits.onnx
image=$source/examples/digits/images/07.pgm

"$prefix/bin/tenon" run "$model" --fill ones >"$work/run.txt" 2>&1 || fail "tenon run: $(cat "$work/run.txt")"
expect probabilities "$work/run.txt"
"$prefix/bin/tenon" providers >"$work/providers.txt" || fail "tenon providers"
expect "$(cd "$prefix" && pwd)" "$work/providers.txt"
grep --quiet "$build/lib" "$work/providers.txt" && fail "a provider of the build tree is found: $(cat "$work/providers.txt")"

cmake -S "$source/examples/embedding" -B "$work/cpp" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$prefix" >"$work/cpp.log" 2>&1 || fail "find_package(Tenon): $(cat "$work/cpp.log")"
cmake --build "$work/cpp" >"$work/cpp.log" 2>&1 || fail "building classify_digits: $(cat "$work/cpp.log")"
"$work/cpp/classify_digits" "$model" "$image" >"$work/digits.txt" || fail "classify_digits"
expect "digit 7" "$work/digits.txt"

pc=$(dirname "$(find "$prefix" -name tenon.pc)")
read -ra flags < <(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs tenon)
libdir=$(PKG_CONFIG_PATH=$pc pkg-config --variable=libdir tenon)
cc -std=c99 -Wall -Wextra -Werror "$source/examples/embedding/hello_c.c" "${flags[@]}" -o "$work/hello_c"
LD_LIBRARY_PATH=$libdir "$work/hello_c" "$model" >"$work/hello.txt" || fail "hello_c"
expect "probabilities: 0." "$work/hello.txt"
if LD_LIBRARY_PATH=$libdir "$work/hello_c" "$work/none.onnx" 2>"$work/none.txt"; then fail "hello_c opened nothing"; fi
expect none.onnx "$work/none.txt"
# Providers: each exports its entry point alone, without a word of its own on symbols.
for provider in leaky_relu_c99 scale_cpp; do
  cmake -S "$source/examples/providers/$provider" -B "$work/$provider" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$prefix" >"$work/$provider.log" 2>&1 || fail "find_package(Tenon): $(cat "$work/$provider.log")"
  cmake --build "$work/$provider" >"$work/$provider.log" 2>&1 || fail "building $provider: $(cat "$work/$provider.log")"
  library=$work/$provider/lib$provider.so
  exported=$(nm --dynamic --defined-only --format=just-symbols "$library")
  [ "$exported" = tenon_provider_entry ] || fail "$provider exports: $exported"
  "$prefix/bin/tenon" providers "$library" >"$work/$provider.txt" || fail "tenon providers $library"
done
# The SDK alone, as its archive holds it, is enough to build a provider.
(cd "$work" && cpack --config "$build/CPackConfig.cmake" -G TGZ -B "$work/packages" >"$work/cpack.log" 2>&1) ||
  fail "cpack: $(cat "$work/cpack.log")"
mkdir "$work/sdk"
tar -xzf "$work"/packages/*sdk*.tar.gz -C "$work/sdk" --strip-components=1
"$prefix/bin/tenon" new-provider alone --in "$work" >"$work/new.txt" || fail "tenon new-provider"
[ "$(wc -l <"$work/alone/CMakeLists.txt")" -lt 20 ] || fail "alone/CMakeLists.txt is long"
cmake -S "$work/alone" -B "$work/alone/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/sdk" >"$work/alone.log" 2>&1 ||
  fail "find_package(Tenon COMPONENTS sdk): $(cat "$work/alone.log")"
cmake --build "$work/alone/build" >"$work/alone.log" 2>&1 || fail "building alone: $(cat "$work/alone.log")"
"$prefix/bin/tenon" run "$model" --fill ones --providers "$work/alone/build/libalone.so,cpu_ref" >"$work/alone.txt" 2>&1 ||
  fail "tenon run with a new provider: $(cat "$work/alone.txt")"
expect alone "$work/alone.txt"
"$work/sdk/bin/tenon-conform" "$work/alone/build/libalone.so" --quick >"$work/kit.txt" 2>&1 ||
  fail "the kit of the SDK on a new provider: $(cat "$work/kit.txt")"
expect " 0 failed" "$work/kit.txt"
if "$prefix/bin/tenon" new-provider alone --in "$work" 2>"$work/again.txt"; then fail "a provider was overwritten"; fi
expect "is there already" "$work/again.txt"
if "$prefix/bin/tenon" new-provider ../x --in "$work" 2>"$work/bad.txt"; then fail "a bad name was taken"; fi
expect "letters, digits" "$work/bad.txt"
python3 "$source/tests/install/guide_test.py" "$source/docs/provider_guide.md" "$prefix" "$model"
echo "the installed tree works"
