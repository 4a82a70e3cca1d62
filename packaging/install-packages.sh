#!/bin/sh
# Installs what hoist is built from and tested with, on Debian 12: install-packages.sh build|run|test ...
set -eu
build="g++ cmake ninja-build ccache pkg-config libyaml-dev libboost1.81-dev nlohmann-json3-dev libnl-3-dev
 libnl-route-3-dev libspdlog-dev libfmt-dev libgtest-dev libgmock-dev libseccomp-dev libarchive-dev zlib1g-dev libzstd-dev
 libssl-dev libsqlite3-dev libnftables-dev libcap-dev"
run="mmdebstrap curl ca-certificates util-linux"
test="busybox-static user-mode-linux podman crun iproute2 iputils-ping nftables procps strace zstd xz-utils gzip tar libcap2-bin docker-compose
 docker-registry skopeo openssl"

packages=
for group in "$@"; do
    case $group in
        build) packages="$packages $build" ;;
        run) packages="$packages $run" ;;
        test) packages="$packages $test" ;;
        *) echo "install-packages.sh: unknown group '$group'" >&2; exit 2 ;;
    esac
done

missing=
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
log=$(mktemp)
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "installing packages failed; the lines above are apt-get's. Wanted:$missing" >&2
    exit 1
fi
rm -f "$log"
