#!/bin/sh
# Makes the three images of the example from Debian's packages and imports them: make-images.sh [HOIST [FOLDER]].
# The root file systems are kept as tars in FOLDER (default: ./images/built), so that a second run only imports.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
hoist=${1:-hoist}
folder=${2:-$here/images/built}
mkdir -p "$folder"

command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

# root_tar NAME PACKAGES [mmdebstrap option...]: builds once. The mounts that mmdebstrap makes stay in a mount namespace.
root_tar() {
    name=$1 packages=$2
    shift 2
    [ -s "$folder/$name.tar" ] && return
    echo "  building $name (packages: $packages)"
    log=$(mktemp)
    if ! unshare -m mmdebstrap --quiet --format=tar --variant=minbase --include="$packages" \
        --dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
        "$@" bookworm "$folder/$name.tar.part" >"$log" 2>&1; then
        cat "$log" >&2
        echo "could not build $name; the lines above are mmdebstrap's" >&2
        exit 1
    fi
    rm -f "$log"
    mv "$folder/$name.tar.part" "$folder/$name.tar"
}

root_tar nginx nginx-light,curl \
    --customize-hook='ln -sf /dev/stdout "$1"/var/log/nginx/access.log; ln -sf /dev/stderr "$1"/var/log/nginx/error.log' \
    --customize-hook='rm -f "$1"/etc/nginx/sites-enabled/default'
root_tar php php-fpm,php-mysql,libfcgi-bin \
    --customize-hook="copy-in $here/images/php/php-fpm-healthcheck /usr/local/bin" \
    --customize-hook="upload $here/images/php/pool.conf /etc/php/pool.conf"
root_tar mariadb mariadb-server \
    --customize-hook='rm -rf "$1"/var/lib/mysql/* ' \
    --customize-hook="copy-in ${here}/images/mariadb/mariadb-entrypoint ${here}/images/mariadb/mariadb-healthcheck /usr/local/bin"

[ "$hoist" = none ] && exit

# import_once NAME INSTRUCTION...: an image made of this very tar stays, and with it the containers made of the image.
import_once() {
    name=$1
    shift
    stamp=$({ stat -c '%s-%Y' "$folder/$name.tar"; printf '%s\n' "$@"; } | sha256sum | cut -c 1-16)
    "$hoist" inspect "lnmp/$name" 2>/dev/null | grep -q "\"hoist.example.source\": *\"$stamp\"" && return
    left=$#
    while [ "$left" -gt 0 ]; do
        set -- "$@" -c "$1"
        shift
        left=$((left - 1))
    done
    "$hoist" import "$@" -c "LABEL hoist.example.source=$stamp" "$folder/$name.tar" "lnmp/$name" >/dev/null
}

import_once nginx 'CMD ["nginx", "-g", "daemon off;"]' 'EXPOSE 80' 'STOPSIGNAL SIGQUIT'
import_once php 'CMD ["php-fpm8.2", "--nodaemonize", "--fpm-config", "/etc/php/pool.conf"]' 'EXPOSE 9000' \
    'STOPSIGNAL SIGQUIT' 'WORKDIR /srv'
import_once mariadb 'ENTRYPOINT ["mariadb-entrypoint"]' 'EXPOSE 3306' 'VOLUME /var/lib/mysql'
