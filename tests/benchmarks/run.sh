#!/bin/sh
# Measures pqscope against libpq by hand and other clients: sh tests/benchmarks/run.sh [OPTION...]
#
# First installs what is missing (see tests/support/install_dependencies.sh), then builds with
# optimization and runs all variants, interleaved, against a throwaway cluster on a unix-domain
# socket. A run of all workloads renews the figures in docs/pages/benchmarks.md and their plot.
#
#   --quick         a smoke run: tiny sizes, one round; changes nothing but the build folder
#   --rounds N      how often each variant is run; default 5
#   --only W1,W3    some workloads only, or parts: "W5 add"; leaves the page as it is
#   --no-page       leaves the page as it is
#   --clients a,b   some clients only, of raw,pqscope,pqxx,psycopg,asyncpg,sqlalchemy; leaves the page as
#                   it is
#
#   BUILD_DIR       where to build, and to leave results.json, the table and the plot. Default:
#                   build-benchmarks/ of this repository (ignored by git)
#
# Linux only: it pins processes to cores.
set -eu

case ${1:-} in
  -h | --help)
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

root=$(cd "$(dirname "$0")/../.." && pwd)
sh "$root/tests/support/install_dependencies.sh" benchmarks

build=${BUILD_DIR:-$root/build-benchmarks}
set_up() {
  meson setup "$@" -Dtests=enabled -Dexamples=disabled -Ddocs=disabled -Dbenchmarks=enabled \
    -Doptimization=2 -Ddebug=false -Db_ndebug=true "$build" "$root" >"$build.log" 2>&1
}
if [ -e "$build/meson-private/coredata.dat" ]; then
  set_up --reconfigure || set_up --wipe
else
  set_up
fi || { cat "$build.log" >&2; exit 1; }
rm -f "$build.log"
meson compile -C "$build" benchmarks >"$build/compile.log" 2>&1 || { cat "$build/compile.log" >&2; exit 1; }

# The interpreter that has the distribution's packages.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
unset DATABASE_URL PQSCOPE_TEST_URL
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
exec sh "$root/tests/support/with_cluster.sh" "$python" "$root/tests/benchmarks/runner.py" --build "$build" "$@"
