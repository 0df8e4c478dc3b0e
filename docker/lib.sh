# lib.sh - what building and testing the image share. Sourced, never run.
# shellcheck shell=bash

# shellcheck source=../tools/script.sh
source tools/script.sh

docker_runs() {
    docker info >/dev/null 2>&1
}

# buildah as it works without privileges over the kernel, inside containers too.
buildah_here() {
    BUILDAH_ISOLATION=chroot buildah --storage-driver vfs "$@"
}
