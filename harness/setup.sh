#!/bin/sh
# Brings node_modules and dist up to date; silent when they are. Needs node and npm only.
set -eu
cd "$(dirname "$0")/.."

# True when a file or folder below the further arguments is newer than the first, or the first is absent.
stale() {
  [ ! -e "$1" ] || { made=$1; shift; [ -n "$(find "$@" -newer "$made" | head -n 1)" ]; }
}

if stale node_modules/.package-lock.json package-lock.json; then
  echo 'Installing dependencies (npm install)' >&2
  # Not `npm ci`: it demands lock entries for the linters' binaries of every other platform, which the lock lacks.
  # Without saving, the versions and hashes of the lock hold all the same.
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error --no-progress >/dev/null
  touch node_modules/.package-lock.json
fi

if stale dist/.built harness tsconfig.json package.json; then
  echo 'Compiling (npm run build)' >&2
  npm run --silent build
fi

# npm links the commands of dependencies, not the package's own; `npx tcplab` looks there.
[ -e node_modules/.bin/tcplab ] || ln -sf ../../dist/cli/main.js node_modules/.bin/tcplab
