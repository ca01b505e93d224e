#!/bin/sh
# Runs a command with a PostgreSQL server and a database of its own:
#
#   sh tests/support/with_cluster.sh COMMAND [ARGUMENT...]
#
# The server is that of PQSCOPE_TEST_URL (set by an outer call of this script), else that of
# DATABASE_URL, else a throwaway cluster, which is stopped and removed when the command ends,
# however it ends. Started by root, the cluster runs as `postgres` or `nobody`.
#
# The command finds in its environment
#   PQSCOPE_TEST_URL      a URL of the fresh database; by unix socket, as superuser, in a throwaway cluster
#   PQSCOPE_TEST_TCP_URL  the same over loopback TCP with a password; throwaway cluster only
set -eu

dir=
database=
maintenance=

say() { echo "with_cluster: $*" >&2; }

stop() {
  status=$?
  trap - EXIT
  if [ -n "$database" ]; then
    run_sql "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
  fi
  if [ -n "$dir" ]; then
    as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$dir"
  fi
  exit "$status"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The folder of the newest server's programs.
find_server() {
  for candidate in "$(dirname "$(command -v initdb || echo /none/initdb)")" \
    $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) \
    "$(pg_config --bindir 2>/dev/null || echo /none)"; do
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then
      echo "$candidate"
      return
    fi
  done
  say "no PostgreSQL server programs (initdb, pg_ctl) found; install postgresql or set DATABASE_URL"
  return 1
}

as_owner() {
  if [ "$(id -u)" -ne 0 ]; then
    (cd "$dir" && "$@")
  elif command -v setpriv >/dev/null; then
    (cd "$dir" && setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups -- "$@")
  else
    (cd "$dir" && runuser -u "$owner" -- "$@")
  fi
}

# Replaces the database in a URL.
with_database() {
  echo "$1" | sed 's#^\([a-z0-9+]*://[^/?]*\)\(/[^?]*\)\{0,1\}#\1/'"$2"'#'
}

run_sql() {
  PGOPTIONS='-c client_min_messages=error' psql -X -q -v ON_ERROR_STOP=1 -d "$maintenance" -c "$1" >/dev/null
}

start_cluster() {
  for name in $(env | sed -n 's/^\(PG[A-Z]*\)=.*/\1/p'); do
    unset "$name"
  done
  bin=$(find_server)
  if [ "$(id -u)" -eq 0 ]; then
    owner=postgres
    id "$owner" >/dev/null 2>&1 || owner=nobody
  fi
  # A socket's path may not exceed 107 bytes: not $TMPDIR, which can be long.
  dir=$(mktemp -d /tmp/pqscope.XXXXXX)
  printf 'pqscope\n' >"$dir/password"
  if [ "$(id -u)" -eq 0 ]; then
    chown -R "$owner" "$dir"
  fi

  if ! as_owner "$bin/initdb" -D "$dir/data" -U postgres --pwfile="$dir/password" -E UTF8 --no-locale \
    --auth-local=trust --auth-host=scram-sha-256 --no-sync >"$dir/initdb.log" 2>&1; then
    cat "$dir/initdb.log" >&2
    return 1
  fi
  cat >>"$dir/data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
fsync = off
full_page_writes = off
shared_buffers = 64MB
max_connections = 200
max_prepared_transactions = 20
wal_level = logical
log_lock_waits = on
deadlock_timeout = 200ms
jit = off
SETTINGS

  attempt=0
  port=$((20000 + $$ % 30000))
  until as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -o "-p $port" -w -t 60 start >/dev/null 2>&1; do
    attempt=$((attempt + 1))
    if [ "$attempt" -ge 10 ] || ! grep -q 'could not bind\|could not create lock file' "$dir/log" 2>/dev/null; then
      say "the server did not start:"
      cat "$dir/log" >&2 || true
      return 1
    fi
    rm -f "$dir/log"
    port=$((port + 37))
  done
  PQSCOPE_TEST_URL="postgresql://postgres@$(echo "$dir" | sed 's#/#%2F#g'):$port/postgres"
  PQSCOPE_TEST_TCP_URL="postgresql://postgres:pqscope@127.0.0.1:$port/postgres"
  PATH="$PATH:$bin"
  export PQSCOPE_TEST_URL PQSCOPE_TEST_TCP_URL PATH
}

if [ "$#" -eq 0 ]; then
  sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi

if [ -z "${PQSCOPE_TEST_URL:-}" ]; then
  if [ -n "${DATABASE_URL:-}" ]; then
    PQSCOPE_TEST_URL=$DATABASE_URL
    export PQSCOPE_TEST_URL
  else
    start_cluster
  fi
fi

# A database of its own for every command, so that commands may run side by side.
case $PQSCOPE_TEST_URL in
  *://*)
    maintenance=$PQSCOPE_TEST_URL
    name=pqscope_test_$$
    if command -v psql >/dev/null && run_sql "CREATE DATABASE $name"; then
      database=$name
      PQSCOPE_TEST_URL=$(with_database "$PQSCOPE_TEST_URL" "$name")
      if [ -n "${PQSCOPE_TEST_TCP_URL:-}" ]; then
        PQSCOPE_TEST_TCP_URL=$(with_database "$PQSCOPE_TEST_TCP_URL" "$name")
      fi
      export PQSCOPE_TEST_URL PQSCOPE_TEST_TCP_URL
    else
      say "no database of its own could be made; using the one given"
    fi
    ;;
esac

"$@"
