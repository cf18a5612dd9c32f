#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a Python virtual environment with the real Moonraker for the integration tests. Does nothing when it is there.
# Usage: tests/tools/setup_moonraker.sh <folder>
set -euo pipefail
venv=${1:?folder of the virtual environment}
version=0.11.0

if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/moonraker-version" 2>/dev/null)" = "$version" ] &&
    "$venv/bin/python" -c 'import moonraker.server' 2>/dev/null; then
    exit 0
fi

echo "Installing Moonraker $version for the tests in $venv"
python=${PYTHON:-python3}
if [ -z "${PYTHON:-}" ] && [ -x /usr/bin/python3 ]; then
    python=/usr/bin/python3 # the one that python3-venv belongs to
fi
rm -rf "$venv"
mkdir -p "$(dirname "$venv")"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-input "moonraker==$version"
"$venv/bin/python" -c 'import moonraker.server'
echo "$version" >"$venv/moonraker-version"
