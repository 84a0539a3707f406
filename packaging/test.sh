#!/usr/bin/env bash
# Installs what is missing and runs every check and test: bash packaging/test.sh [PYTEST ARGUMENTS…]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

install_program
install_tests
install_cluster
cd "$root"
bin=$venv/bin

step() {
    say "== $1"
    shift
    "$@"
}

step "ruff check" "$bin/ruff" check .
step "ruff format" "$bin/ruff" format --check .
step "mypy" "$bin/mypy"
step "import-linter" "$bin/lint-imports"
# Prints modules, lines and what a verb reaches; no limit on them, and none on the time it takes.
step "size and reach of the code" "$bin/python" packaging/count_structure.py
# A virtual display of its own, so that no test opens a window on the screen of whoever runs it.
unset WAYLAND_DISPLAY
step "pytest" xvfb-run -a -s "-screen 0 1920x1080x24" "$bin/python" -m pytest "$@"
