#!/bin/sh
# The tests on other releases of Debian and Ubuntu: sh tests/matrix.sh RELEASE...
#
#   sh tests/matrix.sh trixie          Debian 13: GCC 14, libpq 17, PostgreSQL 17, pgvector
#   sh tests/matrix.sh trixie noble    and Ubuntu 24.04: GCC 13, libpq 16, PostgreSQL 16, pgvector
#
# Makes a system of each release in a folder with debootstrap, or uses the one it made before; copies the
# work tree into it, changes that are not committed included; installs there what the tests need, and
# pgvector; runs tests/run.sh with GCC, and the suites unit and integration with Clang.
#
# Needs to be root, because it mounts and changes the root folder. What runs in the folder is in
# namespaces of its own: at the end, whatever the end, no mount and no process is left. The folders and
# their builds are kept for the next time.
#
#   MATRIX_DIR       where the systems are. Default: pqscope-matrix in $XDG_CACHE_HOME or /var/tmp
#   MATRIX_MIRROR    the mirror to install from. Default: this machine's, if it is of the same kind
#   COMPILERS        of g++ and clang++, separated by blanks. Default: both
#   SUITES           the suites to run with each compiler. Default: all with g++, unit and integration
#                    with clang++
#   MESON_OPTIONS    as in tests/run.sh
#
# The last line is `N passed, N failed`, the sum over all steps; the exit code follows it.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
matrix=${MATRIX_DIR:-${XDG_CACHE_HOME:-/var/tmp}/pqscope-matrix}
passed=0
failed=0
steps=
inside=
scratch=

leave() {
  status=$?
  trap - EXIT
  # What is in the namespaces ends with the process that made them.
  [ -z "$inside" ] || kill -KILL "$inside" 2>/dev/null || true
  [ -z "$scratch" ] || rm -rf "$scratch"
  exit "$status"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say() { echo "matrix: $*"; }

stop_here() {
  echo "matrix: $*" >&2
  echo '0 passed, 1 failed'
  exit 1
}

if [ "$#" -eq 0 ]; then
  sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
[ "$(id -u)" -eq 0 ] || stop_here 'This must run as root: it mounts file systems and changes the root folder.'
unshare --mount --pid --ipc --fork true 2>/dev/null ||
  stop_here 'Namespaces cannot be made here (unshare --mount --pid --ipc), as is usual in a container without privileges.'
for release in "$@"; do
  case $release in
    bookworm | trixie | noble) ;;
    *) stop_here "It knows bookworm, trixie and noble, but not $release." ;;
  esac
done
for compiler in ${COMPILERS:-}; do
  case $compiler in
    g++ | clang++) ;;
    *) stop_here "COMPILERS may name g++ and clang++, but not $compiler." ;;
  esac
done

scratch=$(mktemp -d)
mkfifo "$scratch/output"
mkdir -p "$matrix"
exec 9>"$matrix/.lock"
flock -n 9 || stop_here "Another run uses $matrix."

# Runs a command in namespaces of its own, so that its mounts and its processes end with it.
in_namespaces() {
  code=0
  tee "$scratch/log" <"$scratch/output" &
  copying=$!
  unshare --mount --pid --ipc --fork --kill-child "$@" >"$scratch/output" 2>&1 9>&- &
  inside=$!
  wait "$inside" || code=$?
  inside=
  wait "$copying"
  return "$code"
}

# Runs a command in the system of a folder.
in_system() {
  system=$1
  shift
  in_namespaces sh -c '
    set -e
    system=$1
    shift
    mount -t proc proc "$system/proc"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$system/dev/pts"
    mkdir -p "$system/dev/shm"
    mount -t tmpfs -o mode=1777 tmpfs "$system/dev/shm"
    find "$system/tmp" -mindepth 1 -delete
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
      chroot "$system" "$@"' sh "$system" "$@"
}

# Counts a command whose last line is `N passed, N failed`, or which is one check.
step() {
  name=$1
  shift
  began=$(date +%s)
  : >"$scratch/log"
  printf '\n=== %s\n' "$name"
  if "$@"; then code=0; else code=$?; fi
  counts=$(tail -n 1 "$scratch/log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
  if [ -n "$counts" ]; then
    p=${counts% *}
    f=${counts#* }
    [ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
  elif [ "$code" -eq 0 ]; then
    p=1
    f=0
  else
    p=0
    f=1
  fi
  passed=$((passed + p))
  failed=$((failed + f))
  steps="$steps$(printf '%-28s%6d passed%6d failed%6d s' "$name" "$p" "$f" $(($(date +%s) - began)))
"
  return "$code"
}

kind_of() {
  case $1 in
    noble) echo ubuntu ;;
    *) echo debian ;;
  esac
}

# The mirror a release is installed from.
mirror_of() {
  kind=$(kind_of "$1")
  mirror=${MATRIX_MIRROR:-}
  if [ -z "$mirror" ] && [ "$(. /etc/os-release && echo "$ID")" = "$kind" ]; then
    mirror=$(apt-get indextargets --format '$(SITE) $(REPO_URI) $(CODENAME) $(COMPONENT)' 2>/dev/null |
      awk -v kind="$kind" '$2 ~ kind "/?$" && $4 == "main" { sub("/$", "", $2); print $2; exit }')
  fi
  if [ -n "$mirror" ]; then
    echo "$mirror"
  elif [ "$kind" = ubuntu ]; then
    echo http://archive.ubuntu.com/ubuntu
  else
    echo http://deb.debian.org/debian
  fi
}

needs_here() {
  program=$1
  package=$2
  if ! { [ -n "$program" ] && command -v "$program" >/dev/null; } && ! [ -e "/usr/share/keyrings/$package.gpg" ]; then
    say "installing $package"
    apt-get -qq update || true
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$package" >/dev/null
  fi
}

make_system() {
  release=$1
  kind=$(kind_of "$release")
  mirror=$(mirror_of "$release")
  if [ "$kind" = ubuntu ]; then
    components=main,universe
    script=gutsy
  else
    components=main
    script=sid
  fi
  needs_here debootstrap debootstrap || return 1
  needs_here '' "$kind-archive-keyring" || return 1
  # A debootstrap older than the release does not know its name, which is all that is new to it.
  scripts=/usr/share/debootstrap/scripts
  [ ! -e "$scripts/$release" ] || script=$release
  say "making $matrix/$release from $mirror"
  rm -rf "$matrix/$release.new"
  in_namespaces debootstrap --variant=minbase --components="$components" \
    --keyring="/usr/share/keyrings/$kind-archive-keyring.gpg" \
    "$release" "$matrix/$release.new" "$mirror" "$scripts/$script" || return 1

  list=$matrix/$release.new/etc/apt/sources.list
  for suite in "$release" "$release-updates"; do
    echo "deb $mirror $suite $(echo "$components" | tr ',' ' ')"
  done >"$list"
  # No service starts by itself.
  printf '#!/bin/sh\nexit 101\n' >"$matrix/$release.new/usr/sbin/policy-rc.d"
  chmod +x "$matrix/$release.new/usr/sbin/policy-rc.d"
  mv "$matrix/$release.new" "$matrix/$release"
}

# What of this machine the system needs to reach its mirror.
lend_network() {
  system=$1
  for file in /etc/resolv.conf /etc/hosts; do
    [ ! -e "$file" ] || { rm -f "$system$file" && cat "$file" >"$system$file"; }
  done
  apt-config dump 2>/dev/null | grep -E '^Acquire::(https?|Check-[A-Za-z-]+)(::[^ ]*)? "' \
    >"$system/etc/apt/apt.conf.d/90matrix" || true
}

listed() {
  if git -c safe.directory='*' -C "$root" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git -c safe.directory='*' -c core.quotePath=false -C "$root" ls-files --cached --others --exclude-standard
  else
    (cd "$root" && find . -type f ! -path './build*' | sed 's#^\./##')
  fi | sort -u | while IFS= read -r file; do
    [ ! -f "$root/$file" ] || printf '%s\n' "$file"
  done
}

# Brings the copy up to date. Only what differs is written, so that the next build makes only that again.
copy_tree() {
  copy=$1
  mkdir -p "$copy"
  listed >"$scratch/listed"
  (cd "$copy" && find . -type f ! -name '*.pyc' | sed 's#^\./##' | sort) >"$scratch/copied"
  comm -13 "$scratch/listed" "$scratch/copied" | while IFS= read -r file; do
    rm -f "$copy/$file"
  done
  while IFS= read -r file; do
    if ! cmp -s "$root/$file" "$copy/$file" || { [ -x "$root/$file" ] && [ ! -x "$copy/$file" ]; }; then
      mkdir -p "$copy/$(dirname "$file")"
      rm -f "$copy/$file"
      cp "$root/$file" "$copy/$file"
    fi
  done <"$scratch/listed"
  find "$copy" -type d -empty -delete
}

# In the system: everything the tests need, and pgvector for the server's version where it is packaged.
installing='
  set -eu
  export DEBIAN_FRONTEND=noninteractive
  sh /work/pqscope/tests/support/install_dependencies.sh ci
  version=$(ls /usr/lib/postgresql | sort -V | tail -n 1)
  if ! dpkg -s "postgresql-$version-pgvector" >/dev/null 2>&1; then
    apt-get -qq update
    if apt-cache show "postgresql-$version-pgvector" >/dev/null 2>&1; then
      echo "Installing: postgresql-$version-pgvector"
      apt-get -qq -y --no-install-recommends install "postgresql-$version-pgvector" >/dev/null
    else
      echo "There is no package of pgvector for PostgreSQL $version."
    fi
  fi
  echo "This is $(. /etc/os-release && echo "$PRETTY_NAME"): $(g++ --version | head -n 1)," \
    "libpq $(pkg-config --modversion libpq), $("/usr/lib/postgresql/$version/bin/postgres" --version)," \
    "pgvector $(dpkg-query -W -f "\${Version}" "postgresql-$version-pgvector" 2>/dev/null || echo missing)"
'

# In the system: one compiler's tests.
running='
  set -eu
  CXX=$1 SUITES=$2 MESON_OPTIONS=$3
  if [ "$CXX" = clang++ ]; then
    CXX=clang++-19
    command -v "$CXX" >/dev/null || CXX=clang++-16
  fi
  export CXX SUITES MESON_OPTIONS
  export BUILD_DIR="/work/build-$1"
  sh /work/pqscope/tests/run.sh
'

for release in "$@"; do
  if [ ! -d "$matrix/$release" ]; then
    step "$release, system" make_system "$release" || continue
  else
    say "using $matrix/$release"
  fi
  lend_network "$matrix/$release"
  copy_tree "$matrix/$release/work/pqscope"
  step "$release, packages" in_system "$matrix/$release" sh -c "$installing" || continue
  for compiler in ${COMPILERS:-g++ clang++}; do
    suites=${SUITES:-}
    [ -n "$suites" ] || [ "$compiler" = g++ ] || suites='unit integration'
    step "$release, $compiler" in_system "$matrix/$release" \
      sh -c "$running" sh "$compiler" "$suites" "${MESON_OPTIONS:-}" || true
  done
done

printf '\n%s\n%d passed, %d failed\n' "$steps" "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
