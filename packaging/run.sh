#!/usr/bin/env bash
# Installs what is missing and runs facedyn: bash packaging/run.sh [ARGUMENTS…]
#
# Without arguments it opens the window on the demo. Where there is no display it does so under a
# virtual one, prints the demo's results, writes facedyn-demo.png and ends.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

needs_window() {
    [[ ${1:-gui} == gui ]] && return 0
    [[ $1 == demo ]] || return 1
    local argument
    for argument in "$@"; do
        case $argument in --headless | --help) return 1 ;; esac
    done
}

install_program
facedyn=$venv/bin/facedyn

if [[ -n ${DISPLAY:-} || -n ${WAYLAND_DISPLAY:-} ]]; then
    [[ $# == 0 ]] && set -- demo
    exec "$facedyn" "$@"
fi

[[ $# == 0 ]] && set -- demo --screenshot facedyn-demo.png
if needs_window "$@"; then
    if ! command -v xvfb-run >/dev/null; then
        say "There is no display, and no virtual one either. Please type:"
        say "    sudo apt-get install xvfb xauth"
        exit 3
    fi
    exec xvfb-run -a -s "-screen 0 1920x1080x24" "$facedyn" "$@"
fi
# Without a display VTK renders through EGL; told so, it does not look for an X server first.
export VTK_DEFAULT_OPENGL_WINDOW=${VTK_DEFAULT_OPENGL_WINDOW:-vtkEGLRenderWindow}
exec "$facedyn" "$@"
