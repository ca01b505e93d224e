#!/bin/sh
# A guided tour of pqscope on a real server: sh docs/quickstart.sh
#
# Installs what is missing (a C++ compiler, libpq, PostgreSQL; see tests/support/install_dependencies.sh),
# builds docs/examples/quickstart.cpp in a temporary folder, runs it on the server of DATABASE_URL or on a
# throwaway cluster, and removes everything it made. Needs no special rights where nothing is missing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
folder=

remove_folder() {
  status=$?
  trap - EXIT
  [ -z "$folder" ] || rm -rf "$folder"
  exit "$status"
}
trap remove_folder EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

sh "$root/tests/support/install_dependencies.sh" quickstart

folder=$(mktemp -d)
# The flags are words: no quotes.
${CXX:-g++} -std=c++20 -I "$root/include" $(pkg-config --cflags libpq) "$root/docs/examples/quickstart.cpp" \
  $(pkg-config --libs libpq) -o "$folder/quickstart"
sh "$root/tests/support/with_cluster.sh" sh -c 'DATABASE_URL=$PQSCOPE_TEST_URL exec "$0"' "$folder/quickstart"
