#!/bin/sh
# Fuzzes the decoders, the SQL scanner and the parsers: sh tests/fuzz/run.sh [SECONDS [TARGET...]]
#
# Builds each target (or those named) with Clang, libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer and runs it for SECONDS (10), one after the other, beginning with its
# seeds/ and what earlier runs came upon. What it finds is written to BUILD_DIR/findings/: fix it, and
# keep the file in seeds/TARGET/, where the ordinary tests replay it.
#
#   CXX        Clang, default clang++-19 or clang++-16, whichever is there
#   BUILD_DIR  kept; default build-fuzz/ of this repository (ignored by git)
#   LIBFUZZER_OPTIONS  more options: -seed=1 -runs=4000 tries the same inputs each time
#
# The last line is `N passed, N failed`, counting targets; the exit code follows it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD_DIR:-$root/build-fuzz}
seconds=${1:-10}
[ $# -eq 0 ] || shift
[ $# -ne 0 ] || set -- types copy pgoutput sql compose dotenv conninfo url

if [ -z "${CXX:-}" ]; then
  CXX=clang++-19
  command -v "$CXX" >/dev/null || CXX=clang++-16
fi
mkdir -p "$build/findings"

passed=0
failed=0
for target; do
  echo "--- $target"
  corpus=$build/corpus/$target
  mkdir -p "$corpus"
  dictionary=
  [ ! -e "$here/$target.dict" ] || dictionary=-dict=$here/$target.dict
  # pkg-config's words and the options: no quotes.
  if "$CXX" -std=c++20 -O1 -g1 -D_GLIBCXX_ASSERTIONS -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=undefined -I"$root/include" $(pkg-config --cflags libpq) \
    "$here/$target.cpp" -o "$build/$target" $(pkg-config --libs libpq) &&
    "$build/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
      -print_final_stats=1 -verbosity=0 $dictionary ${LIBFUZZER_OPTIONS:-} -artifact_prefix="$build/findings/$target-" \
      "$corpus" "$here/seeds/$target"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
