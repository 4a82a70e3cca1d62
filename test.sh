#!/bin/bash
# Installs what is needed, builds, and runs all tests, from nothing, on Debian 12 as root. ./test.sh [ctest option...]
set -eu
cd "$(dirname "$0")"
. packaging/phase.sh
require_debian_root test.sh

phase "installing packages"
packaging/install-packages.sh build run test
mkdir -p build/images
# Without it, the tests that need it say that they are skipped.
packaging/fetch-docker-client.sh build/docker-client >build/docker-client.log 2>&1 || true

phase "building hoist (preset dev); beside it, making the example's images from Debian packages (once)"
quietly build/images.log examples/lnmp/make-images.sh none "$PWD/build/images" &
images=$!
quietly build/configure.log cmake --preset dev
quietly build/build.log cmake --build --preset dev
wait "$images"

phase "running the tests, $(nproc) at a time"
export HOIST_TEST_IMAGES=$PWD/build/images HOIST_TEST_DOCKER=$PWD/build/docker-client/usr/bin/docker
if ! ctest --preset dev --parallel "$(nproc)" "$@"; then
    # Told apart from a defect: what fails only beside others, and only once, is a race for this machine's time.
    phase "running alone what failed"
    ctest --preset dev --rerun-failed --repeat until-pass:2
fi
phase "done"
