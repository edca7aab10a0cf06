#!/bin/bash
# Installs the packages of packages.txt that are missing: as root, or through sudo where that needs no password. Where it
# may not, it prints the line to run and exits with 1.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mapfile -t wanted < <(sed 's/#.*//' "$root/packages.txt" | tr -s '[:space:]' '\n' | sed '/^$/d')

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

install="apt-get install --yes --no-install-recommends ${missing[*]}"
if [ "$(id -u)" = 0 ]; then
  prefix=()
elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
  prefix=(sudo --non-interactive)
else
  echo "error: these packages are missing and may not be installed from here. Run this, then try again:" >&2
  echo "  sudo apt-get update && sudo $install" >&2
  exit 1
fi
echo "Installing ${#missing[@]} missing packages: ${missing[*]}"
"${prefix[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update --quiet --quiet
# shellcheck disable=SC2086
"${prefix[@]}" env DEBIAN_FRONTEND=noninteractive $install --quiet --quiet </dev/null
