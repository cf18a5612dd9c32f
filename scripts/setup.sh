#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what building, running or testing needs and is not there yet. Usage: scripts/setup.sh run|test
set -euo pipefail
what=${1:?run or test}

build=(build-essential cmake ninja-build ccache pkg-config qt6-base-dev qt6-base-dev-tools libqt6opengl6-dev qt6-charts-dev
    qt6-serialport-dev qt6-websockets-dev libqt6svg6-dev qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools
    libqcustomplot-dev qtkeychain-qt6-dev qcoro-qt6-dev libexpected-dev libcli11-dev libxxhash-dev zlib1g-dev
    libqt6sql6-sqlite libqt6sql6-psql)
run=(qt6-qpa-plugins qt6-translations-l10n libqt6svg6 fonts-dejavu-core)
tests=(python3 python3-venv libsodium23 iproute2 clang libclang-rt-14-dev fonts-dejavu-core qt6-translations-l10n)

packages=("${build[@]}")
case $what in
    run) packages+=("${run[@]}") ;;
    test) packages+=("${tests[@]}") ;;
    *) echo "usage: scripts/setup.sh run|test" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    [[ $status == ii* ]] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "error: these packages are missing and there is no sudo: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
