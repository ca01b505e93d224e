#!/bin/sh
# Builds and runs every test: sh tests/run.sh
#
# First installs what is missing (see tests/support/install_dependencies.sh); where nothing is missing
# it needs no special rights. Tests that need a server share one throwaway cluster, which is removed at
# the end, or use the server of DATABASE_URL.
#
#   BUILD_DIR        where to build; kept. Default: build/ of this repository (ignored by git), or a
#                    temporary folder, removed at the end, where the repository cannot be written to
#   MESON_OPTIONS    more options for `meson setup`
#   SUITES           the suites to run, separated by blanks. Default: all
#
# The last line is `N passed, N failed`, counting test cases and checks; the exit code follows it.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
temporary=

remove_temporary() {
  status=$?
  trap - EXIT
  [ -z "$temporary" ] || rm -rf "$temporary"
  exit "$status"
}
trap remove_temporary EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

nothing_ran() {
  echo "$1" >&2
  echo '0 passed, 1 failed'
  exit 1
}

sh "$root/tests/support/install_dependencies.sh" tests || nothing_ran 'Something the tests need is missing.'

build=${BUILD_DIR:-$root/build}
if ! mkdir -p "$build" 2>/dev/null || [ ! -w "$build" ]; then
  temporary=$(mktemp -d)
  build=$temporary/build
fi

# The options are words: no quotes.
set -- -Dtests=enabled -Dexamples=enabled -Ddocs=enabled ${MESON_OPTIONS:-}
if [ -e "$build/meson-private/coredata.dat" ]; then
  meson setup --reconfigure "$@" "$build" "$root" || meson setup --wipe "$@" "$build" "$root"
else
  meson setup "$@" "$build" "$root"
fi || nothing_ran 'Meson could not set the build up.'

set --
for suite in ${SUITES:-}; do
  set -- "$@" --suite "$suite"
done
# Meson builds only what tests need where these are named one by one.
if [ "$#" -gt 0 ]; then
  names=$(meson test -C "$build" --no-rebuild --list "$@" 2>/dev/null | sed -n 's#^[^/]*:[^/]* / ##p')
  lines=$IFS
  IFS='
'
  # The names are lines: no quotes.
  set -- "$@" $names
  IFS=$lines
fi
rm -f "$build/meson-logs/testlog.json"
code=0
sh "$root/tests/support/with_cluster.sh" meson test -C "$build" --print-errorlogs "$@" || code=$?

[ -e "$build/meson-logs/testlog.json" ] || nothing_ran 'The build failed.'
python3 "$root/tests/support/summary.py" "$build" || code=1
exit "$code"
