#!/bin/sh
# Brings node_modules and dist up to date; silent when they are. Needs node and npm only.
set -eu
cd "$(dirname "$0")/.."

# True when a file or folder below the further arguments is newer than the first, or the first is absent.
stale() {
  [ ! -e "$1" ] || { made=$1; shift; [ -n "$(find "$@" -newer "$made" | head -n 1)" ]; }
}

if stale node_modules/.package-lock.json package-lock.json; then
  echo 'Installing dependencies (npm ci)' >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --no-progress >/dev/null
  touch node_modules/.package-lock.json
fi

if stale dist/.built harness tsconfig.json package.json; then
  echo 'Compiling (npm run build)' >&2
  npm run --silent build
fi
