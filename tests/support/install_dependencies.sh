#!/bin/sh
# Installs what a purpose needs and the system lacks, by apt:
#
#   sh tests/support/install_dependencies.sh quickstart|tests|ci|benchmarks
#
# quickstart: a C++ compiler, libpq and, without DATABASE_URL, a PostgreSQL server
# tests:      the same and Meson, Ninja, Catch2 3, Doxygen, PgBouncer, Asio; cpp-httplib and nlohmann_json for an example
# ci:         the same and Clang with its sanitizers, clang-format, valgrind
# benchmarks: as tests, and libpqxx, psycopg 3 with its pool, asyncpg, SQLAlchemy with psycopg2
#
# Says what it installs. Where nothing is missing it neither needs nor asks for any right. Else it
# runs apt-get as root or through sudo. On Debian 12, Meson and Catch2 come from bookworm-backports,
# which is added to the package sources if it is not there.
set -eu

purpose=${1:-}
missing=
backports=

has() { command -v "$1" >/dev/null 2>&1; }
has_library() { has pkg-config && pkg-config --exists "$1"; }
need() { missing="$missing $*"; }
need_recent() { backports="$backports $*"; }

has_server() {
  has initdb && return 0
  for program in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb; do
    [ -x "$program" ] && return 0
  done
  return 1
}

# 0.x lacks what meson.build uses.
has_meson() { has meson && [ "$(meson --version | cut -d. -f1)" -ge 1 ]; }

case $purpose in
  quickstart | tests | ci | benchmarks) ;;
  *)
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

has g++ || has "${CXX:-c++}" || need g++
has pkg-config || need pkg-config
has_library 'libpq >= 14' || need libpq-dev
if [ -z "${DATABASE_URL:-}" ]; then
  has_server || need postgresql
fi

if [ "$purpose" != quickstart ]; then
  has ninja || need ninja-build
  has python3 || need python3
  has doxygen || need doxygen
  has psql || need postgresql-client
  # Not in everybody's PATH.
  has pgbouncer || [ -x /usr/sbin/pgbouncer ] || need pgbouncer
  has_library cpp-httplib || need libcpp-httplib-dev
  has_library nlohmann_json || need nlohmann-json3-dev
  [ -e /usr/include/asio/awaitable.hpp ] || need libasio-dev
  has_meson || need_recent meson
  has_library 'catch2-with-main >= 3' || need_recent catch2
fi

if [ "$purpose" = ci ]; then
  # Debian 12 and 13 and Ubuntu 24.04 all have Clang 19; an installed 16 will do.
  if has clang++-19 || ! has clang++-16; then
    has clang++-19 || need clang-19
    [ -e /usr/lib/llvm-19/lib/clang/19/lib/linux ] || need libclang-rt-19-dev
  fi
  has clang-format-19 || need clang-format-19
  has valgrind || need valgrind
fi

if [ "$purpose" = benchmarks ]; then
  # The distribution's packages are for the distribution's interpreter.
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  has_module() { has "$python" && "$python" -c "import $1" 2>/dev/null; }
  has_library libpqxx || need libpqxx-dev
  has_module psycopg || need python3-psycopg
  has_module psycopg_pool || need python3-psycopg-pool
  has_module asyncpg || need python3-asyncpg
  has_module sqlalchemy || need python3-sqlalchemy
  has_module psycopg2 || need python3-psycopg2
fi

[ -n "$missing$backports" ] || exit 0

if ! has apt-get; then
  echo "Missing here, under the names Debian gives them:$missing$backports" >&2
  exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! has sudo; then
    echo "Please have an administrator run: apt-get install$missing$backports" >&2
    exit 1
  fi
  as_root=sudo
fi

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
target=
if [ -n "$backports" ] && [ "$codename" = bookworm ]; then
  target='-t bookworm-backports'
  if ! apt-cache policy | grep -q bookworm-backports; then
    list=/etc/apt/sources.list.d/bookworm-backports.list
    echo "Adding Debian's backports to the package sources: $list"
    echo 'deb http://deb.debian.org/debian bookworm-backports main' | $as_root tee "$list" >/dev/null
  fi
fi

echo "Installing:$missing$backports"
install_packages() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$@" >/dev/null
}
$as_root apt-get -qq update
# The names are words: no quotes.
[ -z "$missing" ] || install_packages install $missing
[ -z "$backports" ] || install_packages $target install $backports
