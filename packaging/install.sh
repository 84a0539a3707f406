#!/usr/bin/env bash
# Functions that make .venv and put the program into it; read by run.sh and test.sh.
# Everything that is said goes to stderr: stdout belongs to the program.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
requirements=$root/packaging/requirements.txt
requirements_dev=$root/packaging/requirements-dev.txt
requirements_cluster=$root/packaging/requirements-cluster.txt

# What PySide6's xcb plugin, VTK's software rendering and mediapipe load from the system, a font,
# and a virtual display.
system_packages=(
    libdbus-1-3 libegl1 libfontconfig1 libfreetype6 libgl1 libgles2 libglib2.0-0
    libgssapi-krb5-2 libx11-6 libx11-xcb1 libxcb-cursor0 libxcb-glx0 libxcb-icccm4 libxcb-image0
    libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1
    libxcb-util1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libxext6 libxkbcommon-x11-0
    libxkbcommon0 libxrender1 fonts-dejavu-core xauth xvfb
)

say() {
    printf '%s\n' "$*" >&2
}

# Newer Debian and Ubuntu releases name some libraries with the ending t64.
is_installed() {
    local name status
    for name in "$1" "$1t64"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
        [[ $status == installed ]] && return 0
    done
    return 1
}

usable_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# Runs apt-get as root where that needs no password; fails where it may not.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@" >&2
}

install_system_packages() {
    command -v dpkg-query >/dev/null || return 0
    local missing=() name
    for name in "${system_packages[@]}"; do
        is_installed "$name" || missing+=("$name")
    done
    if [[ ! -x $venv/bin/python ]] && ! usable_python >/dev/null; then
        missing+=(python3 python3-venv)
    fi
    [[ ${#missing[@]} == 0 ]] && return 0
    say "Adding system libraries: ${missing[*]}"
    if ! apt_install "${missing[@]}"; then
        say "Some system libraries are missing and cannot be added from here. Please type:"
        say "    sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
}

make_venv() {
    if "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        return 0
    fi
    local python
    if ! python=$(usable_python); then
        say "Python 3.11 or newer with its venv module is needed. Please type:"
        say "    sudo apt-get install python3 python3-venv"
        return 1
    fi
    say "Making .venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
}

# Does a step unless it was done before with the same files: once NAME "FILES" COMMAND…
once() {
    local stamp=$venv/.done-$1 files=$2 sum
    shift 2
    # shellcheck disable=SC2086  # the files are several words
    sum=$(cd "$root" && sha256sum $files)
    if [[ -f $stamp && $(<"$stamp") == "$sum" ]]; then
        return 0
    fi
    "$@"
    printf '%s\n' "$sum" >"$stamp"
}

# torch comes with its own dependencies, held to the pinned versions; all else without.
install_requirements() {
    say "Installing the program's packages (about 2.4 GB; this takes some minutes the first time)"
    pip_install --constraint "$requirements" "$(grep '^torch==' "$requirements")"
    pip_install --no-deps --requirement "$requirements"
}

install_dev_requirements() {
    say "Installing what the tests need"
    pip_install --no-deps --requirement "$requirements_dev"
}

install_cluster_requirements() {
    say "Installing Ray, for corpora that outgrow one machine (about 270 MB)"
    pip_install --no-deps --requirement "$requirements_cluster"
}

install_command() {
    pip_install --no-deps --no-build-isolation --editable "$root"
}

install_program() {
    install_system_packages
    make_venv
    once requirements packaging/requirements.txt install_requirements
    once command "pyproject.toml packaging/requirements.txt" install_command
}

install_tests() {
    once requirements-dev \
        "packaging/requirements.txt packaging/requirements-dev.txt" install_dev_requirements
}

# The optional extra 'cluster'; the tests that need it are skipped where it is missing.
install_cluster() {
    once requirements-cluster "packaging/requirements.txt packaging/requirements-cluster.txt" \
        install_cluster_requirements
}
