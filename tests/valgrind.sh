#!/bin/sh
# The integration suite under valgrind: sh tests/valgrind.sh [CATCH2_ARGUMENT...]
#
# No lost bytes, no errors, and at the end no descriptor open beyond the standard ones. Cases tagged
# [no-valgrind], which measure time, are left out. BUILD_DIR as in tests/run.sh, whose build is used.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$root/build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ -e "$build/meson-private/coredata.dat" ] || meson setup -Dtests=enabled "$build" "$root"
meson compile -C "$build" integration_tests

passed=0
failed=0
check() {
  what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $what"
  fi
}

log=$folder/valgrind.log
run_suite() {
  sh "$root/tests/support/with_cluster.sh" valgrind --leak-check=full --show-leak-kinds=definite,indirect,possible \
    --errors-for-leak-kinds=definite,indirect,possible --track-fds=yes --child-silent-after-fork=yes \
    --num-callers=30 --log-file="$log" "$build/tests/integration_tests" '~[no-valgrind]' "$@"
}
no_errors() { grep -q 'ERROR SUMMARY: 0 errors' "$log"; }
no_lost_bytes() {
  grep -q 'All heap blocks were freed' "$log" ||
    { [ "$(grep -cE '(definitely|indirectly|possibly) lost: 0 bytes' "$log")" -eq 3 ]; }
}
# Descriptors that were already open when valgrind began are not the suite's.
only_standard_descriptors() {
  inherited=$(grep -c '<inherited from parent>' "$log" || true)
  awk -v inherited="$inherited" '/FILE DESCRIPTORS:/ { extra = $4 - substr($6, 2) - inherited; seen = 1 }
    END { exit !(seen && extra <= 0) }' "$log"
}

check 'the suite passes under valgrind' run_suite "$@"
check 'valgrind reports no errors' no_errors
check 'no bytes are lost' no_lost_bytes
check 'no descriptors are open beyond the standard ones' only_standard_descriptors
if [ "$failed" -ne 0 ]; then
  cat "$log"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
