# scene.sh - what the scenes share: servers on a pool, a client that writes one object after the other, and the daemons
# of the cluster. Sourced with the arguments of the scene, CAIRND CONF POOL, and never run.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cairnd=$1 conf=$2 pool=$3
# shellcheck source=tools/expect.sh
. "$root/tools/expect.sh"
# shellcheck source=tools/script.sh
. "$root/tools/script.sh"

readonly PATIENCE=120 # seconds for what has to come, however busy the machine is

scene=${0##*/}
cluster=$(dirname "$conf")
space=$scene-$$ # the namespace
folder=$(mktemp -d "${TMPDIR:-/tmp}/cairn-$scene-XXXXXX")
declare -A server=() url=()
held=() load='' status=0

finish() {
    local pid
    for pid in "${held[@]}"; do kill -s CONT "$pid" 2>/dev/null || true; done
    for pid in $load "${server[@]}"; do { kill -s KILL "$pid" && wait "$pid"; } 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT

# ---- servers -----------------------------------------------------------------------------------------

# begin NAME [FLAG...]: starts a server, whose log is NAME.log, where it served before if it did; sets its ${server[…]}
# and ${url[…]}. An empty LEASE leaves the lease as it is by itself.
begin() {
    local name=$1
    shift
    [[ -n ${url[$name]-} ]] || url[$name]=http://127.0.0.1:$(free_port)
    "$cairnd" --data "rados:$pool/$space" --ceph-conf "$conf" ${LEASE:+--ceph-lease "$LEASE"} --open --drain-delay 0 \
        --listen "${url[$name]#http://}" "$@" 2>>"$folder/$name.log" &
    server[$name]=$!
    answers "${url[$name]}/healthz" "${server[$name]}" "$PATIENCE" || {
        cat "$folder/$name.log"
        die "the server $name does not answer"
    }
}

# await NAME: its end; sets $status.
await() {
    status=0
    wait "${server[$1]}" 2>/dev/null || status=$?
    unset "server[$1]"
}

# end NAME SIGNAL: sets $status, also where it has ended by itself.
end() {
    kill -s "$2" "${server[$1]}" 2>/dev/null || true
    await "$1"
}

# ---- clients -----------------------------------------------------------------------------------------

# status_of ARGUMENT...: 000, when there is no answer.
status_of() {
    curl -s -m "$PATIENCE" -o /dev/null -w '%{http_code}' "$@" || true
}

# object NAME STORE/KEY: its URL at a server.
object() {
    printf '%s/v1/stores/%s/objects/%s' "${url[$1]}" "${2%%/*}" "${2#*/}"
}

# put NAME STORE/KEY TEXT: the status.
put() {
    status_of --data-binary "$3" -H 'Content-Type: text/plain' -X PUT "$(object "$1" "$2")"
}

# get NAME STORE/KEY: what it holds, or nothing.
get() {
    curl -sf -m "$PATIENCE" "$(object "$1" "$2")" || true
}

# comes_to EXPECTED COMMAND...: until what it prints is that.
comes_to() {
    local expected=$1 tries found
    shift
    for ((tries = 0; tries < 5 * PATIENCE; tries++)); do
        found=$("$@")
        [[ $found != "$expected" ]] || return 0
        sleep 0.2
    done
    is "$found" "$expected"
}

# ---- a load ------------------------------------------------------------------------------------------

# write_on NAME: puts one small object after the other into the store `load`, each under a number of its own, and takes
# down those acknowledged; until one is not.
write_on() {
    local number answer
    for ((number = $(wc -l <"$folder/acknowledged"); ; number++)); do
        answer=$(put "$1" "load/$number" "$number")
        [[ $answer == 20[01] ]] || break
        echo "$number" >>"$folder/acknowledged"
    done
    echo "$answer" >"$folder/refused"
}

begin_load() {
    : >>"$folder/acknowledged"
    status_of -X PUT "${url[$1]}/v1/stores/load" >/dev/null
    write_on "$1" &
    load=$!
}

end_load() {
    { kill -s KILL "$load" && wait "$load"; } 2>/dev/null || true
    load=
}

# goes_on: whether ten more are acknowledged.
goes_on() {
    local goal tries
    goal=$(($(wc -l <"$folder/acknowledged") + 10))
    for ((tries = 0; tries < 10 * PATIENCE; tries++)); do
        (($(wc -l <"$folder/acknowledged") < goal)) || return 0
        kill -0 "$load" 2>/dev/null || break
        sleep 0.1
    done
    return 1
}

# all_there NAME: everything that was acknowledged.
all_there() {
    local number missing=0
    while read -r number; do
        [[ $(get "$1" "load/$number") == "$number" ]] || missing=$((missing + 1))
    done <"$folder/acknowledged"
    is "$missing" 0
}

# ---- daemons -----------------------------------------------------------------------------------------

# hold NAME...: daemons of the cluster that do not move.
hold() {
    local name pid
    for name; do
        pid=$(<"$cluster/$name.pid")
        kill -s STOP "$pid"
        held+=("$pid")
    done
}

# All that are held go on.
let_go() {
    kill -s CONT "${held[@]}"
    held=()
}

# fell NAME...: they are gone without a word.
fell() {
    local name
    for name; do kill -s KILL "$(<"$cluster/$name.pid")"; done
}

# raise NAME...: they are back.
raise() {
    local name
    for name; do "$root/tools/ceph-cluster" raise "$cluster" "$name"; done
}

# Whether all parts of the pool have all their replicas.
is_whole() {
    timeout 60 ceph -c "$conf" pg stat 2>/dev/null | grep -qE '^([0-9]+) pgs: \1 active\+clean;'
}

becomes_whole() {
    local tries
    for ((tries = 0; tries < PATIENCE; tries++)); do
        ! is_whole || return 0
        sleep 1
    done
    timeout 60 ceph -c "$conf" pg stat
    return 1
}
