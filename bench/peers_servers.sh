# peers_servers.sh - the servers that ./dev bench peers compares: how each is had, started, and spoken to.
# Sourced, never run. What Debian has is unpacked below build/peers, and what is written in Go is built there where a
# Go toolchain is at hand: nothing is installed, and no service starts.
# shellcheck shell=bash disable=SC2034,SC2154
#
# A server NAME has two functions: NAME_get, which is false where it cannot be had, and NAME_start, which sets
#   url      where its objects lie: keys follow it, after a slash
#   pid      its first process
#   dialect  how to list, copy and move: cairn, dav, index (dav, but a list is nginx's index), s3, filer; none: it keeps
#            nothing

private=$root/build/peers
secret=benchmark-secret # of servers that speak S3; what is measured is open to all

declare -A title=(
    [cairn]='cairnd'
    [nginx]='nginx dav'
    [apache]='Apache mod_dav'
    [lighttpd]='lighttpd mod_webdav'
    [rclone]='rclone serve webdav'
    [seaweedfs]='SeaweedFS filer'
    [minio]='MinIO'
    [versity]='Versity GW'
    [responder]='epoll responder'
    [responder_mhd]='libmicrohttpd responder'
)

# ---- having them ---------------------------------------------------------------------------------

# is_here PROGRAM PACKAGE...: whether it was unpacked before, or is installed with all that it needs.
is_here() {
    local file
    file=$(command -v "$1") && { [[ $file == "$private"/* ]] || dpkg-query --show "${@:2}" >/dev/null 2>&1; }
}

# unpack PROGRAM PACKAGE...: a program of Debian's, as it is installed or from packages unpacked below build/peers.
unpack() {
    local program=$1
    PATH=$PATH:/usr/sbin:$private/usr/bin:$private/usr/sbin
    is_here "$@" && return
    mkdir -p "$private/packages"
    (cd "$private/packages" && apt-get -q download "${@:2}" && for package in *.deb; do
        dpkg-deb --extract "$package" "$private" || exit
    done) >>"$private/packages/log" 2>&1
    command -v "$program" >/dev/null
}

# build_go PROGRAM PACKAGE: a program in Go, from the PATH or built below build/peers, which can take many minutes once.
build_go() {
    PATH=$PATH:$private/bin
    command -v "$1" >/dev/null && return
    command -v go >/dev/null || return
    say "building $1, which takes minutes: $2"
    mkdir -p "$private/bin"
    GOBIN=$private/bin go install "$2" >>"$private/go.log" 2>&1
}

# with_libraries COMMAND...: runs a program that may have come with libraries of its own.
with_libraries() {
    LD_LIBRARY_PATH=$(find "$private/usr/lib" -maxdepth 1 -name '*-linux-gnu' 2>/dev/null | head -n 1) exec "$@"
}

# launched URL: the process that was just started is a server, and answers there.
launched() {
    pid=$!
    pids+=("$pid")
    await "$1" "$pid" "$log"
}

# ---- cairn, and what limits it -------------------------------------------------------------------

cairn_get() {
    [[ -x $cairnd ]]
}

cairn_start() {
    start_cairnd cairn
    url=$cairn/$store/objects pid=$cairn_pid dialect=cairn
}

responder_get() {
    [[ -x $tools/responder ]]
}

responder_start() {
    start_responder responder
}

responder_mhd_get() {
    [[ -x $tools/responder_mhd ]]
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
    (find_nginx)
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

# ---- S3 and SeaweedFS ----------------------------------------------------------------------------

# make_bucket URL: a bucket that anybody may use, so that no side pays for signatures.
make_bucket() {
    local sign=(--silent --show-error --fail --aws-sigv4 aws:amz:us-east-1:s3 --user "bench:$secret")
    curl "${sign[@]}" --request PUT "$1" >>"$log" 2>&1
    curl "${sign[@]}" --request PUT --header 'Content-Type: application/json' --data-binary @- "$1?policy=" <<END >>"$log" 2>&1
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:*"],
 "Resource": ["arn:aws:s3:::bench", "arn:aws:s3:::bench/*"]}]}
END
}

minio_get() {
    build_go minio github.com/minio/minio@latest
}

minio_start() {
    local port
    port=$(free_port)
    mkdir -p "$work/minio"
    MINIO_ROOT_USER=bench MINIO_ROOT_PASSWORD=$secret MINIO_BROWSER=off MINIO_UPDATE=off \
        minio --config-dir "$work/minio.config" server --quiet --address "127.0.0.1:$port" "$work/minio" >>"$log" 2>&1 &
    url=http://127.0.0.1:$port/bench dialect=s3
    launched "http://127.0.0.1:$port/minio/health/live"
    make_bucket "$url"
}

versity_get() {
    build_go versitygw github.com/versity/versitygw/cmd/versitygw@latest
}

versity_start() {
    local port
    port=$(free_port)
    mkdir -p "$work/versity"
    versitygw --port "127.0.0.1:$port" --access bench --secret "$secret" --quiet posix "$work/versity" >>"$log" 2>&1 &
    url=http://127.0.0.1:$port/bench dialect=s3
    launched "http://127.0.0.1:$port/"
    make_bucket "$url"
}

seaweedfs_get() {
    build_go weed github.com/seaweedfs/seaweedfs/weed@latest
}

seaweedfs_start() {
    local master volume filer
    master=$(free_port) volume=$((master + 1)) filer=$((master + 2))
    mkdir -p "$work/seaweedfs"
    weed -logdir "$work/seaweedfs" server -dir "$work/seaweedfs" -ip 127.0.0.1 -ip.bind 127.0.0.1 -master.port "$master" \
        -master.telemetry=false -volume.port "$volume" -volume.max 0 -filer -filer.port "$filer" >>"$log" 2>&1 &
    url=http://127.0.0.1:$filer/bench dialect=filer
    launched "http://127.0.0.1:$filer/"
    until curl --silent --fail --output /dev/null --upload-file "$work/small" "$url/first"; do # the volume server joins
        kill -0 "$pid" || die "SeaweedFS has ended: $(tail -n 5 "$log")"
        sleep 0.2
    done
}

# ---- speaking to them ----------------------------------------------------------------------------

make_collection() {
    curl --silent --output /dev/null --request MKCOL "$1"
}

# folder DIALECT URL: makes a folder, for those who keep nothing in one that is not there.
folder() {
    [[ $1 != dav ]] || make_collection "$2"
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
    s3) asked=(--request PUT --header "x-amz-copy-source: /bench/$3" "$2/$4") ;;
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
