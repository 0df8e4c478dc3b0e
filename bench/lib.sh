# lib.sh - what the benchmarks share: a work folder on the disk, cairnd and nginx in it, medians and tables.
# Sourced, never run. Everything a benchmark starts is ended by its own process id when the shell exits.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../tools/script.sh
source "$root/tools/script.sh"
cairnd=${CAIRND:-$root/build/release/cairnd}
tools=$root/build/release/bench
store=bench # the name of the first store
pids=()

# whole NAME VALUE: ends the script unless VALUE is a whole number above 0.
whole() {
    [[ $2 =~ ^[1-9][0-9]*$ ]] || die "$1 must be a whole number above 0, not '$2'"
}

# ---- the work folder -----------------------------------------------------------------------------

# Sets $work: a new folder on a disk (below $BENCH_DIR, default /var/tmp). Memory would flatter everybody.
open_work() {
    local kind
    work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/cairn-bench-XXXXXX")
    trap close_work EXIT
    trap 'exit 130' INT TERM
    kind=$(stat --file-system --format=%T "$work")
    [[ $kind != tmpfs && $kind != ramfs ]] || die "$work is in memory ($kind): set BENCH_DIR to a folder on a disk"
    ulimit -n "$(ulimit -Hn)"
}

close_work() {
    end_servers
    rm -rf "$work"
}

end_servers() {
    local pid
    for pid in "${pids[@]}"; do
        [[ -z $pid ]] || kill "$pid" 2>/dev/null || true
    done
    for pid in "${pids[@]}"; do
        [[ -z $pid ]] || wait "$pid" 2>/dev/null || true
    done
    pids=()
}

# Everything written so far goes to the disk first: nobody pays for another's writes.
settle() {
    sync --file-system "$work"
}

# ---- servers -------------------------------------------------------------------------------------

# await URL PID LOG: waits until a server answers.
await() {
    answers "$1" "$2" || die "$1 does not answer: $(tail -n 5 "$3")"
}

# launch_cairnd FOLDER [FLAG...]: sets $cairn (URL up to the stores) and $cairn_pid. Its data are in FOLDER of the work
# folder, or in a pool (rados:...); configure it by flags, or by CAIRN_... in the environment.
launch_cairnd() {
    local port data=$work/$1
    [[ $1 != rados:* ]] || data=$1
    shift
    [[ -x $cairnd ]] || die "$cairnd is missing: run ./dev build, or set CAIRND"
    port=$(free_port)
    CAIRN_DRAIN_DELAY=0 "$cairnd" --data "$data" --listen "127.0.0.1:$port" "$@" >>"$work/cairnd.log" 2>&1 &
    cairn_pid=$!
    pids+=("$cairn_pid")
    cairn=http://127.0.0.1:$port/v1/stores
    await "http://127.0.0.1:$port/healthz" "$cairn_pid" "$work/cairnd.log"
}

# start_cairnd FOLDER [FLAG...]: the same, and makes the first store.
start_cairnd() {
    launch_cairnd "$@"
    create_store "$store"
}

# Ends cairnd as its user would, and ends the script unless that goes well.
stop_cairnd() {
    kill "$cairn_pid"
    wait "$cairn_pid" || die "cairnd did not end well: $(tail -n 5 "$work/cairnd.log")"
    forget_cairnd
}

# Ends cairnd as a crash would.
crash_cairnd() {
    kill -KILL "$cairn_pid"
    wait "$cairn_pid" 2>/dev/null || true
    forget_cairnd
}

forget_cairnd() {
    pids=("${pids[@]/$cairn_pid/}")
}

create_store() {
    curl --silent --show-error --fail --output /dev/null --request PUT "$cairn/$1"
}

# The nginx on the PATH, or else Debian's package unpacked below build/: installing it would start a service.
find_nginx() {
    local private=$root/build/nginx
    PATH=$PATH:/usr/sbin:$private/usr/sbin
    command -v nginx >/dev/null && return
    mkdir -p "$private"
    (cd "$private" && apt-get -q download nginx >&2 && dpkg-deb --extract nginx_*.deb .) ||
        die "nginx is missing and cannot be fetched: run apt-get update, then try again"
    nginx -v >/dev/null 2>&1 || die "nginx does not start: $(nginx -v 2>&1 | head -n 1)"
}

nginx_directives='' # of its server, beside those below

# Sets $nginx (URL), $nginx_pid and $nginx_files. One worker; PUT, COPY and MOVE by its dav module, which
# never syncs; GET from an open file cache.
start_nginx() {
    local port
    find_nginx
    port=$(free_port)
    nginx_files=$work/nginx/files
    mkdir -p "$nginx_files" "$work/nginx/body"
    {
        ((EUID != 0)) || echo "user root root;"
        cat <<END
worker_processes 1;
worker_rlimit_nofile $(ulimit -n);
daemon off;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    server {
        listen 127.0.0.1:$port backlog=4096;
        $nginx_directives
        root $nginx_files;
        open_file_cache max=10000 inactive=1h;
        open_file_cache_valid 1h;
        dav_methods PUT DELETE COPY MOVE;
        create_full_put_path on;
    }
}
END
    } >"$work/nginx/nginx.conf"
    nginx -p "$work/nginx" -e "$work/nginx/error.log" -c "$work/nginx/nginx.conf" &
    nginx_pid=$!
    pids+=("$nginx_pid")
    nginx=http://127.0.0.1:$port
    await "$nginx/" "$nginx_pid" "$work/nginx/error.log"
}

# ---- load ----------------------------------------------------------------------------------------

# load METHOD URL CONNECTIONS SECONDS BYTES NAMES [COUNT]: prints "requests_per_second p50_ms p99_ms".
# load.lua says what the methods do; NAMES sets the keys of this run apart from others.
load() {
    local line
    line=$(load_counted "$@") || exit
    echo "${line% *}"
}

# load_counted ...: the same, and the number of requests behind it. SECONDS may be a fraction; a busy machine may take
# longer to begin than that, and then it is a whole one.
load_counted() {
    local line
    line=$(wrk_result "$@") || true
    [[ -n $line || $4 != *.* ]] || line=$(wrk_result "${@:1:3}" 1 "${@:5}") || true
    [[ $line == *" 0" ]] || die "load on $2 failed (requests/s, p50, p99, requests, errors): ${line:-nothing}"
    echo "${line% *}"
}

# wrk_result ...: the line that load.lua prints. wrk knows whole seconds, and tells its figures when it is interrupted.
wrk_result() {
    local whole=${4%.*} early=()
    [[ $4 != *.* ]] || early=(timeout --signal INT --preserve-status "$4") whole=$((whole + 1))
    "${early[@]}" wrk --threads 1 --connections "$3" --duration "${whole}s" --timeout 30s \
        --script "$root/bench/load.lua" "$2" -- "$1" "$5" "$6" "${7:-1}" | sed -n 's/^result //p'
}

# fill URL COUNT BYTES: the objects that a GET reads.
fill() {
    head --bytes "$3" /dev/zero | tr '\0' x >"$work/payload"
    seq --format "url = \"$1/get/%.0f\"" "$2" | sed "a upload-file = \"$work/payload\"" |
        curl --silent --fail --show-error --config - >"$work/fill.log"
}

# run PID FIGURES LOAD_ARGUMENT...: one run; adds a line "requests_per_second p50_ms p99_ms cpu_us_per_request".
run() {
    local pid=$1 figures=$2 before line
    shift 2
    [[ $1 == GET ]] || settle
    before=$(cpu_time "$pid")
    line=$(load_counted "$@")
    echo "$line $before $(cpu_time "$pid")" |
        awk '{printf "%s %s %s %.1f\n", $1, $2, $3, ($6 - $5) * 1e6 / $4}' >>"$figures"
}

# ---- figures -------------------------------------------------------------------------------------

# median < one number a line
median() {
    sort -g | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# column N FILE: the median of a column of FILE.
column() {
    awk -v n="$1" '{print $n}' "$2" | median
}

# ratio A B
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN {if (a != "" && b > 0) printf "%.2f", a / b; else printf "-"}'
}

# first_child PID: the first process that a process started.
first_child() {
    cut --delimiter ' ' --fields 1 "/proc/$1/task/$1/children"
}

# cpu_time PID: the seconds of CPU that a process and its threads have used.
cpu_time() {
    "$tools/clock" "$1"
}

# peak_reset PID and peak PID: the largest resident memory of a process since the reset, in MiB.
peak_reset() {
    echo 5 >"/proc/$1/clear_refs"
}

peak() {
    awk '/^VmHWM/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"
}

resident() {
    awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"
}

machine() {
    printf '%s, %d cores, %s on %s, tcp %s\n' "$(uname -sr)" "$(nproc)" "$(stat -f -c %T "$work")" \
        "$(df --output=source "$work" | tail -n 1)" "$(cat /proc/sys/net/ipv4/tcp_congestion_control)"
}
