# scale_stores.sh - the figures of many stores: one for a thousand objects of the size. Sourced by scale.
# shellcheck shell=bash disable=SC2154

crew=16 # connections

# many METHOD PATH COUNT OF [BYTES]: requests/s, and the median and 99th percentile of milliseconds.
many() {
    "$tools/many" "$crew" "$1" "$(port)" "$2" "${@:3}"
}

# start_stores FOLDER COUNT [FLAG...]: a server with so many stores s0, s1, …; prints what `many` does.
start_stores() {
    local count=$2
    start_cairnd "$1" --stores-limit 1000000 "${@:3}"
    created=$(many PUT /v1/stores/s% "$count" "$count")
}

stop_stores() {
    stop_cairnd
    rm -rf "${work:?}/$1"
}

figure_creation() {
    local count=$((size / 1000)) removed
    start_stores creation "$count"
    removed=$(many DELETE /v1/stores/s% "$count" "$count")
    stop_stores creation
    tell "making stores at $crew connections: stores/s" '>= 1000' "${created%% *}"
    tell "removing stores at $crew connections: stores/s" '>= 1000' "${removed%% *}"
}

# both FIRST SECOND: the requests/s of two rounds together, from those of each.
both() {
    calculate "2 / (1 / $1 + 1 / $2)"
}

# Three times round: in the first each store is opened and gets a file to write to, in the second all are there. What
# one store takes alone is measured in the same server, in front of that and behind it, and the mean counts: on a machine
# that is not quiet the two differ.
figure_rounds() {
    local count=$((size / 1000)) turn=(PUT /v1/stores/s%/objects/key) before behind alone first second third taken
    start_stores rounds "$count"
    before=$(many PUT "/v1/stores/$store/objects/%" 20000 20000 "$object_bytes")
    first=$(many "${turn[@]}" "$count" "$count" "$object_bytes")
    second=$(many "${turn[@]}" "$count" "$count" "$object_bytes")
    third=$(many "${turn[@]}" "$count" "$count" "$object_bytes")
    behind=$(many PUT "/v1/stores/$store/objects/%" 20000 20000 "$object_bytes")
    quiet
    alone=$(calculate "(${before%% *} + ${behind%% *}) / 2")
    first=${first%% *} second=${second%% *} third=${third%% *}
    tell "writing to one store at $crew connections: requests/s" '' "$alone"
    tell "writing to each store in turn, the first time: requests/s" '' "$first"
    tell "writing to each store in turn, the second time: requests/s" '' "$second"
    tell 'writing to each store in turn, the first time / to one' '' "$(ratio "$first" "$alone")"
    tell 'writing to each store in turn, twice / to one' '>= 0.25' "$(ratio "$(both "$first" "$second")" "$alone")"
    tell 'writing to each store in turn, later / to one' '>= 0.25' "$(ratio "$(both "$second" "$third")" "$alone")"
    tell 'memory after writing to each store in turn: MiB' '<= 64' "$(resident "$cairn_pid")"
    taken=$(du --summarize --exclude="$store" --block-size=1024 "$work/rounds/stores" | cut --fields 1)
    tell 'disk for a store that was written to: KiB' '<= 64' "$(calculate "$taken / $count")"
    stop_stores rounds
}

figure_threads() {
    local count=$((size / 1000))
    start_stores threads "$count" --open-stores-limit "$count"
    if many PUT /v1/stores/s%/objects/key "$count" "$count" "$object_bytes" >/dev/null; then
        tell "threads with --open-stores-limit N, N stores in use" '<= 64' \
            "$(sed -n 's/^Threads:\t//p' "/proc/$cairn_pid/status")"
        tell "memory with --open-stores-limit N, N stores in use: MiB" '' "$(resident "$cairn_pid")"
    else
        say "$count stores in use are more than this server can have"
    fi
    stop_stores threads
}

# ---- opening -------------------------------------------------------------------------------------

big_stores=4

# make_big_stores: big0, big1, …, and a small one beside them.
make_big_stores() {
    local count=$((size / big_stores)) i
    start_cairnd opening
    create_store small
    "$tools/many" 1 PUT "$(port)" /v1/stores/small/objects/% 1 1 "$object_bytes" >/dev/null
    "$tools/fill" put "$(port)" "$store" "$count" "$count" "$loading_stride" "$object_bytes" >/dev/null
    stop_cairnd
    for ((i = 0; i < big_stores; i++)); do
        cp --archive "$work/opening/stores/$store" "$work/opening/stores/big$i"
    done
}

# running PID...: how many of these jobs have not ended.
running() {
    jobs -rp | grep --count --line-regexp --fixed-strings "$(printf '%s\n' "$@")" || true
}

# await_openers PID...: waits until the server has the requests of them all, or one has its answer.
await_openers() {
    local address=${cairn%/v1/stores} under_way=0
    while ((under_way < $#)) && (($(running "$@") == $#)); do
        under_way=$(curl --silent "$address/metrics" | sed -n 's/^cairn_http_requests_in_flight //p')
        under_way=$((under_way - 1)) # without this one
    done
}

# How long a GET of another store has to wait, the longest of them until all big stores are open.
figure_opening() {
    local i openers=()
    make_big_stores
    launch_cairnd opening
    for ((i = 0; i < big_stores; i++)); do
        first_get "big$i" &
        openers+=($!)
    done
    await_openers "${openers[@]}"
    : >"$work/waits"
    while (($(running "${openers[@]}") > 0)) || [[ ! -s $work/waits ]]; do
        "$tools/many" 1 GET "$(port)" /v1/stores/small/objects/% 1 1 >>"$work/waits"
    done
    wait "${openers[@]}"
    tell "longest wait of a small GET while $big_stores stores open: ms" '<= 100' \
        "$(cut -d ' ' -f 3 "$work/waits" | sort -g | tail -n 1)"
    stop_stores opening
}
