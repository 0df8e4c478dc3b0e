# rados_servers.sh - what ./dev bench rados compares: a cluster on loopback, and what serves objects from it: how each is
# had, started and ended. Sourced behind others.sh, never run.
# shellcheck shell=bash disable=SC2034,SC2154
#
# A server NAME has two functions: NAME_get, which is false where it cannot be had, and NAME_start, which sets its entries
# in urls and roots, and is false where it does not start. Either leaves in $reason why, in words. What CephFS has in the
# place of a URL is the folder where it is mounted.

declare -A title=(
    [cairn]='cairnd, disk'
    [pool]='cairnd, pool'
    [rgw]='RGW'
    [cephfs]='CephFS'
    [cluster]='the cluster'
    [rados4]='rados bench, 4'
    [rados16]='rados bench, 16'
)
objectstore=${STORE:-bluestore}
pgs=16 # of a pool that is measured, as the cluster's own has

# ---- the cluster ---------------------------------------------------------------------------------

start_cluster() {
    local gib=12
    [[ $objectstore != memstore ]] || gib=2
    say "starting a cluster ($objectstore)"
    conf=$(STORE=$objectstore GIB=$gib "$root/tools/ceph-cluster" start "$work/cluster") || die 'the cluster does not start'
    roots[cluster]=$(cat "$work"/cluster/*.pid | paste -sd' ')
}

# Ends the servers before what they rely on, and goes on whatever fails.
close_cluster() {
    unmount || true
    end_servers
    "$root/tools/ceph-cluster" stop "$work/cluster" || true
    close_work
}

ceph_() {
    timeout 60 ceph -c "$conf" "$@" >>"$log" 2>&1
}

# make_pools APPLICATION NAME...
make_pools() {
    local application=$1 name
    shift
    for name; do
        ceph_ osd pool create "$name" "$pgs" "$pgs" replicated && ceph_ osd pool application enable "$name" "$application" ||
            return
    done
}

# lacking PACKAGE: those that installing it would bring.
lacking() {
    apt-get --simulate --no-install-recommends install "$1" 2>/dev/null | awk '$1 == "Inst" {print $2}'
}

# unpack_whole PROGRAM: a program whose package is named like it, with all that it needs.
unpack_whole() {
    local packages
    mapfile -t packages < <(lacking "$1")
    unpack "$1" "$1" "${packages[@]}"
}

# ---- cairn ---------------------------------------------------------------------------------------

cairn_get() {
    reason="$cairnd is missing: run ./dev build, or set CAIRND"
    [[ -x $cairnd ]]
}

cairn_start() {
    start_cairnd cairn
    urls[cairn]=$cairn/$store/objects roots[cairn]=$cairn_pid
}

pool_get() {
    cairn_get
}

pool_start() {
    start_cairnd rados:cairn/bench --ceph-conf "$conf" --open
    urls[pool]=$cairn/$store/objects roots[pool]=$cairn_pid
}

# ---- RGW -----------------------------------------------------------------------------------------

rgw_get() {
    unpack_whole radosgw
}

rgw_start() {
    local port
    port=$(free_port)
    reason="its pools or its user cannot be made: $log says why"
    echo 'application/octet-stream bin' >"$work/mime.types"
    make_pools rgw default.rgw.buckets.index default.rgw.buckets.data &&
        timeout 60 radosgw-admin -c "$conf" user create --uid bench --display-name bench --access-key bench \
            --secret-key "$secret" >>"$log" 2>&1 || return
    # By itself it wants a monitor that encrypts, and one that asks for no keys does not.
    with_libraries radosgw -f -c "$conf" -n client.admin --ms-mon-client-mode crc --debug-rgw 0 --log-file "$log" \
        --rgw-mime-types-file "$work/mime.types" --rgw-frontends "beast endpoint=127.0.0.1:$port" >>"$log" 2>&1 &
    urls[rgw]=http://127.0.0.1:$port/bench
    launched "http://127.0.0.1:$port/" && roots[rgw]=$pid && make_bucket "${urls[rgw]}"
}

# ---- CephFS --------------------------------------------------------------------------------------

cephfs_get() {
    unpack_whole ceph-mds && unpack_whole ceph-fuse || return
    reason='there is no /dev/fuse here'
    [[ -c /dev/fuse ]] || return
    reason='only root may mount it'
    ((EUID == 0))
}

# A metadata server of its own, and the file system mounted by FUSE, as whoever has no kernel for it does.
cephfs_start() {
    mkdir "$work/mds" "$work/mounted"
    reason="its pools or its metadata server cannot be made: $log says why"
    make_pools cephfs cephfs.meta cephfs.data && ceph_ fs new cephfs cephfs.meta cephfs.data &&
        ceph_ auth get-or-create mds.a mon 'profile mds' mds 'allow *' osd 'allow *' -o "$work/mds/keyring" || return
    with_libraries ceph-mds -f -c "$conf" -i a --mds-data "$work/mds" --keyring "$work/mds/keyring" >>"$log" 2>&1 &
    mds=$!
    pids+=("$mds")
    reason="its metadata server does not become active: $log says why"
    until_true is_active && mount_it
}

is_active() {
    timeout 20 ceph -c "$conf" mds stat 2>/dev/null | grep -q up:active
}

# until_true COMMAND...: asks again, for half a minute.
until_true() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        ! "$@" || return 0
        sleep 0.3
    done
    return 1
}

mount_it() {
    with_libraries ceph-fuse -f -c "$conf" -n client.admin "$work/mounted" >>"$log" 2>&1 &
    fuse=$!
    pids+=("$fuse")
    urls[cephfs]=$work/mounted roots[cephfs]="$fuse $mds"
    reason="it cannot be mounted: $(tail -n 1 "$log")"
    until_true mountpoint --quiet "$work/mounted"
}

unmount() {
    ! mountpoint --quiet "$work/mounted" || umount "$work/mounted" || umount --lazy "$work/mounted"
}

# forget NAME: what a file system has read or written is not to be had from the memory of its client.
forget() {
    [[ $1 == cephfs ]] || return 0
    unmount
    wait "$fuse" || true
    pids=("${pids[@]/$fuse/}")
    log=$work/cephfs.log
    mount_it || die "$reason"
}
