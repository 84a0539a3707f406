#!/usr/bin/env bash
# Makes the bundle, the program with all it needs and no Python beside it, in dist/facedyn:
# bash packaging/build.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

# Names of functions for debuggers are a tenth of the bundle. Only libraries that were linked as
# they are: others (in *.libs) were rewritten after linking, and break.
drop_debug_names() {
    local library
    for library in "$1"/torch/lib/libtorch*.so "$1"/vtkmodules/libvtk*.so "$1"/libpython*.so*; do
        strip --strip-unneeded "$library"
    done
}

install_program
once requirements-bundle packaging/requirements-bundle.txt \
    pip_install --no-deps --requirement "$root/packaging/requirements-bundle.txt"
cd "$root"
"$venv/bin/python" -m PyInstaller --noconfirm --log-level WARN packaging/facedyn.spec >&2
if [[ $(uname) == Linux ]] && command -v strip >/dev/null; then
    drop_debug_names dist/facedyn/_internal
fi
say "dist/facedyn: $(du -sm dist/facedyn | cut -f1) MiB"
