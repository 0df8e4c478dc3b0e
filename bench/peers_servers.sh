# peers_servers.sh - the servers that ./dev bench peers compares: how each is had, started, and spoken to.
# Sourced, never run. What is written in Go is built below build/peers where a Go toolchain is at hand.
# shellcheck shell=bash disable=SC2034,SC2154
#
# A server NAME has two functions: NAME_get, which is false where it cannot be had, and NAME_start, which sets
#   url      where its objects lie: keys follow it, after a slash
#   pid      its first process
#   dialect  how to list, copy and move: cairn, dav, index (dav, but a list is nginx's index), s3, filer; needle: a key is
#            an id that its client chose before; none: it keeps nothing
# and is false where it does not start. Either leaves in $reason why it is false, in words.

declare -A title=(
    [cairn]='cairnd'
    [nginx]='nginx'
    [apache]='Apache'
    [lighttpd]='lighttpd'
    [rclone]='rclone'
    [seaweedfs]='SeaweedFS filer'
    [volume]='SeaweedFS volume'
    [volume_synced]='SeaweedFS volume, fsync'
    [minio]='MinIO'
    [versity]='Versity GW'
    [responder]='epoll'
    [responder_mhd]='libmicrohttpd'
    [commit]='durable, no HTTP'
    [loopback]='loopback, no HTTP'
)

# What is built from source, always the same: figures of two runs are of one version.
declare -A module=(
    [weed]=github.com/seaweedfs/seaweedfs@v0.0.0-20261109003541-7506e5f91cd6
    [minio]=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
    [versitygw]=github.com/versity/versitygw@v1.8.0
)

# ---- having them ---------------------------------------------------------------------------------

# build_go PROGRAM PACKAGE: a program in Go, built below build/peers, which can take many minutes, once. It is built
# where its module lies, and not by `go install`, which refuses a module that replaces one that it needs.
build_go() {
    local program=$1 package=$2 source=${module[$1]} log=$private/$1.log
    PATH=$private/bin:$PATH
    [[ ! -x $private/bin/$program ]] || return 0
    reason="it has to be built, and there is no go on the PATH"
    command -v go >/dev/null || return
    say "building $program, which takes minutes: $source"
    mkdir -p "$private/bin"
    reason="go mod download $source failed: $log says why"
    go mod download -json "$source" >"$private/$program.json" 2>"$log" || return
    reason="go build of $source failed: $log says why"
    (cd "$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p' "$private/$program.json")" &&
        go build -trimpath -o "$private/bin/$program" "$package") >>"$log" 2>&1
}

# ---- cairn, and what limits it -------------------------------------------------------------------

cairn_get() {
    reason="$cairnd is missing: run ./dev build, or set CAIRND"
    [[ -x $cairnd ]]
}

cairn_start() {
    start_cairnd cairn
    url=$cairn/$store/objects pid=$cairn_pid dialect=cairn
}

responder_get() {
    built responder
}

# built TOOL: whether a program of bench/ is there.
built() {
    reason="$tools/$1 is missing: run ./dev build"
    [[ -x $tools/$1 ]]
}

responder_start() {
    start_responder responder
}

responder_mhd_get() {
    built responder_mhd
}

responder_mhd_start() {
    start_responder responder_mhd
}

start_responder() {
    local port
    port=$(free_port)
    "$tools/$1" "$port" 1024 >>"$log" 2>&1 &
    url=http://127.0.0.1:$port dialect=none
    launched "$url/"
}

# ---- WebDAV --------------------------------------------------------------------------------------

nginx_get() {
    reason='it is neither installed nor can its package be fetched: run apt-get update, then try again'
    (find_nginx) 2>/dev/null
}

nginx_start() {
    find_nginx
    nginx_directives='autoindex on; autoindex_format json;'
    start_nginx
    url=$nginx pid=$nginx_pid dialect=index
    make_collection "$url/list"
}

apache_get() {
    unpack apache2 apache2-bin libapr1 libaprutil1 liblua5.3-0 libnghttp2-14
}

apache_start() {
    local port folder=$work/apache modules
    port=$(free_port)
    modules=$(dirname "$(find "$private/usr/lib/apache2" /usr/lib/apache2 -name mod_dav.so 2>/dev/null | head -n 1)")
    mkdir -p "$folder/files"
    chmod 711 "$work"
    chown -R www-data: "$folder"
    cat >"$folder/httpd.conf" <<END
ServerRoot $folder
ServerName localhost
Listen 127.0.0.1:$port
ListenBacklog 4096
PidFile $folder/pid
ErrorLog $folder/error.log
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule dav_module $modules/mod_dav.so
LoadModule dav_fs_module $modules/mod_dav_fs.so
User www-data
Group www-data
ServerLimit 4
StartServers 4
ThreadLimit 400
ThreadsPerChild 400
MaxRequestWorkers 1600
MinSpareThreads 1
MaxSpareThreads 1600
KeepAliveTimeout 60
MaxKeepAliveRequests 0
EnableSendfile on
DavLockDB $folder/locks
DocumentRoot $folder/files
<Directory $folder/files>
    Dav on
    Require all granted
</Directory>
END
    with_libraries apache2 -f "$folder/httpd.conf" -D FOREGROUND >>"$log" 2>&1 &
    url=http://127.0.0.1:$port dialect=dav
    launched "$url/"
}

lighttpd_get() {
    unpack lighttpd lighttpd lighttpd-mod-webdav
}

lighttpd_start() {
    local port folder=$work/lighttpd modules
    port=$(free_port)
    modules=$(dirname "$(find "$private/usr/lib/lighttpd" /usr/lib/lighttpd -name mod_webdav.so 2>/dev/null | head -n 1)")
    mkdir -p "$folder/files" "$folder/uploads"
    cat >"$folder/lighttpd.conf" <<END
server.modules = ("mod_webdav")
server.document-root = "$folder/files"
server.upload-dirs = ("$folder/uploads")
server.errorlog = "$folder/error.log"
server.bind = "127.0.0.1"
server.port = $port
server.listen-backlog = 4096
server.max-fds = 8192
server.max-connections = 4096
server.max-keep-alive-requests = 1000000000
server.max-keep-alive-idle = 60
server.max-request-size = 0
mimetype.assign = ("" => "application/octet-stream")
webdav.activate = "enable"
END
    with_libraries lighttpd -D -m "$modules" -f "$folder/lighttpd.conf" >>"$log" 2>&1 &
    url=http://127.0.0.1:$port dialect=dav
    launched "$url/"
}

rclone_get() {
    unpack rclone rclone
}

rclone_start() {
    local port
    port=$(free_port)
    mkdir -p "$work/rclone"
    rclone serve webdav --addr "127.0.0.1:$port" --config "$work/rclone.conf" "$work/rclone" >>"$log" 2>&1 &
    url=http://127.0.0.1:$port dialect=dav
    launched "$url/"
}

# ---- S3 ------------------------------------------------------------------------------------------

minio_get() {
    build_go minio .
}

minio_start() {
    local port
    port=$(free_port)
    mkdir -p "$work/minio"
    MINIO_ROOT_USER=bench MINIO_ROOT_PASSWORD=$secret MINIO_BROWSER=off MINIO_UPDATE=off \
        minio --config-dir "$work/minio.config" server --quiet --address "127.0.0.1:$port" "$work/minio" >>"$log" 2>&1 &
    url=http://127.0.0.1:$port/bench dialect=s3
    launched "http://127.0.0.1:$port/minio/health/live" && make_bucket "$url"
}

versity_get() {
    build_go versitygw ./cmd/versitygw
}

versity_start() {
    local port
    port=$(free_port)
    mkdir -p "$work/versity"
    versitygw --port "127.0.0.1:$port" --access bench --secret "$secret" --keep-alive --quiet posix "$work/versity" >>"$log" 2>&1 &
    url=http://127.0.0.1:$port/bench dialect=s3
    launched "http://127.0.0.1:$port/" && make_bucket "$url"
}

# ---- SeaweedFS -----------------------------------------------------------------------------------

# start_weed PORT FLAG...: its master at a port and its volume server at the next, in one process.
start_weed() {
    local port=$1 folder=$work/weed-$1
    shift
    mkdir -p "$folder"
    weed -logdir "$folder" server -dir "$folder" -ip 127.0.0.1 -ip.bind 127.0.0.1 -master.port "$port" \
        -master.telemetry=false -master.volumeSizeLimitMB 4096 -volume.port $((port + 1)) -volume.max 0 "$@" >>"$log" 2>&1 &
    launched "http://127.0.0.1:$port/cluster/status"
}

seaweedfs_get() {
    build_go weed ./weed
}

# All in one: a filer, which is plain HTTP and keeps its objects in the volume server.
seaweedfs_start() {
    local port
    port=$(free_port)
    url=http://127.0.0.1:$((port + 2))/bench dialect=filer
    start_weed "$port" -filer -filer.port $((port + 2)) -filer.localSocket "$work/weed.socket" &&
        joined "$url/first" --upload-file "$work/small"
}

volume_get() {
    build_go weed ./weed
}

# The volume server alone, whose clients know their ids before they write.
volume_start() {
    local port
    port=$(free_port)
    url=http://127.0.0.1:$((port + 1)) dialect=needle
    start_weed "$port" && joined "http://127.0.0.1:$port/dir/assign"
}

volume_synced_get() {
    build_go weed ./weed
}

# The same, asked to sync each write before it answers.
volume_synced_start() {
    volume_start
}

# joined URL CURL_ARGUMENT...: whether a volume server has joined its master in time.
joined() {
    local tries
    reason="its volume server does not join: $(tail -n 1 "$log")"
    for ((tries = 150; tries > 0; tries--)); do
        curl --silent --fail --output /dev/null "${@:2}" "$1" && return
        kill -0 "$pid" || return
        sleep 0.2
    done
    return 1
}

# ---- speaking to them ----------------------------------------------------------------------------

make_collection() {
    curl --silent --output /dev/null --request MKCOL "$1"
}

declare -A ids=() # of NAME/FOLDER where the dialect is needle: the id that a number is added to for each key

# ids_of_a_volume MASTER NUMBER: an id in a volume that the master chooses, with room for 2^32 behind it: in hexadecimal,
# the id and eight digits that have to be told with it. To ask the master for so many would fill the volume in its books.
ids_of_a_volume() {
    local volume
    volume=$(curl --silent --fail "$1/dir/assign" | sed -n 's/.*"fid":"\([0-9]*\),.*/\1/p')
    printf '%s,%x%08x%08x' "${volume:-0}" "$2" 0 1
}

# folder NAME FOLDER: makes a folder, for those who keep nothing in one that is not there.
folder() {
    local port
    port=$(port_of "$1")
    case ${dialects[$1]} in
    dav) make_collection "${urls[$1]}/$2" ;;
    needle)
        ids[$1/$2]=$(ids_of_a_volume "http://127.0.0.1:$((port - 1))" $((${#ids[@]} + 1)))
        ;;
    esac
}

# spoken NAME FOLDER: sets what the numbers of the keys of a folder go behind ($names, in load.lua's words), what it
# reads for a mixture, and what is between them and behind those of a write.
spoken() {
    names=$2
    unset BETWEEN BEHIND READS
    [[ ${dialects[$1]} == needle ]] || return 0
    names=${ids[$1/$2]}
    export BETWEEN=_ READS=${ids[$1/get]}
    [[ $1 != *_synced ]] || export BEHIND='?fsync=true'
}

# listed DIALECT: sets what load.lua asks a list of at most 1,000 objects below list/ by; $suffix goes behind the URL.
listed() {
    suffix=/list/
    unset LIST_METHOD LIST_FIELD
    case $1 in
    cairn) suffix='?prefix=list/&limit=1000' ;;
    s3) suffix='?list-type=2&prefix=list/&max-keys=1000' ;;
    dav) export LIST_METHOD=PROPFIND LIST_FIELD='Depth: 1' ;;
    filer)
        suffix='/list/?limit=1000'
        export LIST_FIELD='Accept: application/json'
        ;;
    esac
}

# copied DIALECT URL FROM TO, and moved: set $asked, the arguments of curl for it; false where there is no such request.
copied() {
    case $1 in
    cairn | dav | index) asked=(--request COPY --header "Destination: $2/$4" "$2/$3") ;;
    s3) # by the owner, since Versity GW lets nobody else
        asked=(--aws-sigv4 aws:amz:us-east-1:s3 --user "bench:$secret" --request PUT
            --header "x-amz-content-sha256: $(sha256sum </dev/null | cut --delimiter ' ' --fields 1)"
            --header "x-amz-copy-source: /bench/$3" "$2/$4")
        ;;
    filer) asked=(--request POST "$2/$4?cp.from=/bench/$3") ;;
    *) return 1 ;;
    esac
}

moved() {
    case $1 in
    # Without Overwrite, which is T by default, rclone keeps what is there.
    cairn | dav | index) asked=(--request MOVE --header 'Overwrite: T' --header "Destination: $2/$4" "$2/$3") ;;
    filer) asked=(--request POST "$2/$4?mv.from=/bench/$3") ;;
    *) return 1 ;;
    esac
}
