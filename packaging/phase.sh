# Sourced by test.sh and demo.sh: one progress line per phase, and the checks that both begin with.
started=$(date +%s)
phase() { printf '[%4ds] %s\n' "$(($(date +%s) - started))" "$*"; }

require_debian_root() {
    if [ "$(id -u)" != 0 ]; then
        echo "$1: must run as root (it installs packages and makes containers): sudo ./$1" >&2
        exit 1
    fi
    if ! grep -qs '^ID=debian' /etc/os-release || ! command -v apt-get >/dev/null; then
        echo "$1: needs Debian 12 (this is $(. /etc/os-release 2>/dev/null; echo "${PRETTY_NAME:-something else}"))" >&2
        exit 1
    fi
}

# quietly LOG COMMAND...: shows the command's output only if it fails.
quietly() {
    log=$1
    shift
    "$@" >"$log" 2>&1 || { tail -n 60 "$log" >&2; echo "failed: $* (all of it: $log)" >&2; exit 1; }
}
