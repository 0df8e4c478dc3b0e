# root.sh - fresh Debian roots to build and test in: minimal, made once by debootstrap, kept in a cache, unpacked for each
# use. Sourced, never run.
# shellcheck shell=bash
#
# CAIRN_CACHE is the cache (default ~/.cache/cairn); MIRROR the Debian mirror (default: debootstrap's own). A root takes
# the network of this machine, and nothing else: processes and mounts are in namespaces of their own, which end with the
# command that was run, whatever ends it. So a root can be removed without a look at what is mounted in it.

root=       # the one that is open
root_suite= # of which suite it is
inside=     # the process that runs in it

root_cache() {
    echo "${CAIRN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn}/$1"
}

# Bases older than this are made anew: unstable moves, and stable has its point releases.
readonly ROOT_DAYS=14

# root_make SUITE FILE: a minimal root of that suite as a tar file, whole or not at all.
root_make() {
    local suite=$1 file=$2 folder
    folder=$(mktemp -d "$file-XXXXXX")
    if debootstrap --variant=minbase "$suite" "$folder/root" ${MIRROR:+"$MIRROR"} >"$file.log" 2>&1; then
        rm -f "$folder"/root/var/cache/apt/archives/*.deb
        tar --create --numeric-owner --xattrs --one-file-system --file "$folder/tar" --directory "$folder/root" .
        mv "$folder/tar" "$file"
    fi
    rm -rf --one-file-system "$folder"
}

# root_known SUITE: ends the script unless debootstrap knows the suite, before anything of it is made or fetched.
root_known() {
    local scripts=${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts
    [[ $1 =~ ^[a-z]+$ && (! -d $scripts || -e $scripts/$1) ]] ||
        die "'$1' is not a suite that debootstrap knows, as bookworm, trixie and sid are"
}

# root_base SUITE: prints the tar file of its minimal root; made when it is missing or old. One run makes it, others wait.
root_base() {
    local suite=$1 file
    root_known "$suite"
    ((EUID == 0)) || unable "a fresh Debian needs root: run it as root"
    command -v debootstrap >/dev/null || unable "debootstrap is not installed (apt-get install debootstrap)"
    file=$(root_cache "$suite.tar")
    mkdir -p "${file%/*}"
    exec {lock}>"$file.lock"
    flock "$lock"
    [[ -n $(find "$file" -mtime "-$ROOT_DAYS" 2>/dev/null) ]] || {
        say "making a base of $suite by debootstrap"
        root_make "$suite" "$file"
    }
    exec {lock}>&-
    [[ -f $file ]] || unable "debootstrap of $suite failed: $(tail -n 1 "$file.log") (all of it: $file.log)"
    echo "$file"
}

# root_open SUITE: sets $root to a new folder with a minimal Debian, with the package lists of today. Removed by root_close,
# which runs when the script ends, however it does.
root_open() {
    local base command
    root_known "$1"
    for command in curl git; do
        command -v "$command" >/dev/null || unable "$command is not installed (apt-get install $command)"
    done
    unshare --mount --pid --fork true 2>/dev/null ||
        unable "this machine does not grant the namespaces that a fresh Debian is entered in"
    base=$(root_base "$1")
    trap root_close EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    root=$(mktemp -d "${TMPDIR:-/var/tmp}/cairn-$1-XXXXXX")
    chmod 755 "$root"
    tar --extract --numeric-owner --xattrs --file "$base" --directory "$root"
    cp --dereference /etc/resolv.conf /etc/hosts "$root/etc/"
    # A mirror that has stood still for weeks is good enough to test on.
    echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/mirror"
    root_suite=$1
    root_packages_in
    # Before anything is judged: without the mirror nothing that happens here says anything about cairn.
    root_run apt-get update --quiet --error-on=any >"$root/lists.log" 2>&1 ||
        unable "the package lists of $1 cannot be fetched: $(tail -n 1 "$root/lists.log")"
}

root_close() {
    [[ -z $inside ]] || kill -KILL "$inside" 2>/dev/null || true
    [[ -z $root ]] || root_packages_out
    [[ -z $root ]] || rm -rf --one-file-system "$root"
    root='' inside=''
}

# A clean clone of HEAD, as /src of the root.
root_clone() {
    git clone --quiet --depth 1 "file://$PWD" "$root/src"
    [[ -z $(git status --porcelain) ]] ||
        say "uncommitted changes are left out: this is $(git log -1 --format='%h, %s')"
}

# root_enter COMMAND...: becomes the command, as process 1 of the root; with the environment of a fresh login.
root_enter() {
    local environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "TERM=${TERM:-dumb}"
        LANG=C.UTF-8 ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"})
    # The script is for the shell inside: its $1 is expanded there.
    # shellcheck disable=SC2016
    exec unshare --mount --pid --fork --kill-child --propagation private sh -euc '
        root=$1
        shift
        mount --rbind /dev "$root/dev"
        mount -t proc proc "$root/proc"
        exec chroot "$root" "$@"
    ' sh "$root" env -i --chdir=/ "${environment[@]}" "$@"
}

# root_start COMMAND...: starts it in the root, as the process $inside; root_wait waits for its end. In the background
# even when the script waits at once, since a shell answers signals only between commands.
root_start() {
    (root_enter "$@") </dev/null &
    inside=$!
}

root_wait() {
    local status=0
    wait "$inside" || status=$?
    inside=
    return "$status"
}

root_run() {
    root_start "$@"
    root_wait
}

# root_signal NAME: to process 1 of the root, for unshare itself keeps signals off.
root_signal() {
    local first
    first=$(cut --delimiter ' ' --fields 1 "/proc/$inside/task/$inside/children") || return
    kill -s "$1" "$first"
}

# ---- packages ------------------------------------------------------------------------------------

# Packages that were fetched before are in the root's own cache already: apt takes those that it still wants.
root_packages_in() {
    local folder
    folder=$(root_cache "$root_suite.packages")
    mkdir -p "$folder"
    find "$folder" -name '*.deb' -mtime "+$ROOT_DAYS" -delete
    find "$folder" -name '*.deb' -exec cp --reflink=auto --target-directory "$root/var/cache/apt/archives" {} +
}

# Keeps what apt has fetched since. Renamed into place, for others may be reading.
root_packages_out() {
    local folder file
    folder=$(root_cache "$root_suite.packages")
    for file in "$root"/var/cache/apt/archives/*.deb; do
        [[ -f $file && ! -f $folder/${file##*/} ]] || continue
        cp "$file" "$folder/${file##*/}.$$"
        mv "$folder/${file##*/}.$$" "$folder/${file##*/}"
    done
}
