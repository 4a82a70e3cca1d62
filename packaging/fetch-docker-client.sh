#!/bin/sh
# Puts Debian's docker command into FOLDER, without installing its daemon: fetch-docker-client.sh FOLDER. Tests use it.
set -eu
mkdir -p "$1"
cd "$1"
[ -x usr/bin/docker ] && exit
apt-get download docker.io
dpkg -x docker.io_*.deb unpacked
mkdir -p usr/bin
mv unpacked/usr/bin/docker usr/bin/docker
rm -rf unpacked docker.io_*.deb
