#!/bin/bash
# From a fresh Debian 12 to a running stack: installs packages, builds hoist, makes the images of examples/lnmp, brings
# the stack up and shows the site. Run it again at any time; HOIST_ROOT, HOIST_RUN and the port below can be changed.
set -eu
cd "$(dirname "$0")"
. packaging/phase.sh
require_debian_root demo.sh
url=http://127.0.0.1:8080/

phase "installing packages"
packaging/install-packages.sh build run
mkdir -p build/images

phase "building hoist (preset release); beside it, making the images from Debian packages (once)"
quietly build/images.log examples/lnmp/make-images.sh none "$PWD/build/images" &
images=$!
quietly build/configure.log cmake --preset release -DBUILD_TESTING=OFF -DHOIST_BENCH=OFF
quietly build/build.log cmake --build --preset release --target hoist hoistd hoist-runtime
PATH=$PWD/build/release/bin:$PATH

wait "$images"

phase "importing the images"
quietly build/import.log examples/lnmp/make-images.sh "$PWD/build/release/bin/hoist" "$PWD/build/images"

phase "hoist up"
cd examples/lnmp
hoist up -d --wait
hoist ps

phase "asking $url"
curl --silent --show-error --fail --retry 5 --retry-connrefused --retry-delay 1 "$url?format=text"
phase "the site is at $url   (stop it: cd examples/lnmp && ../../build/release/bin/hoist down)"
