# scale_disk.sh - the figures of what lies on the disk: segments, large objects. Sourced by scale.
# shellcheck shell=bash disable=SC2154

# ---- segments ------------------------------------------------------------------------------------

# write_for KIND SEGMENT_SIZE ROUND: a line of requests/s, p50 and p99 of 64 writers, of a server with such segments.
write_for() {
    start_cairnd "writers-$1-$3" --segment-size "$2"
    settle
    load PUT "$cairn/$store/objects" 64 3 "$object_bytes" "$3" >>"$work/writers.$1"
    stop_stores "writers-$1-$3"
}

# Does not hang on the number of objects, and so is measured once. With small segments some are sealed each second, with
# large ones none. With $BEFORE, another cairnd, its writers seal as many.
figure_writers() {
    local round p99
    ((size == objects)) || return 0
    for ((round = 1; round <= rounds; round++)); do
        write_for sealing 4MiB "$round"
        write_for whole 64MiB "$round"
        [[ -z ${BEFORE-} ]] || cairnd=$BEFORE write_for before 4MiB "$round"
    done
    p99=$(column 3 "$work/writers.sealing")
    tell 'p99 of 64 writers while segments are sealed: ms' '' "$p99"
    tell 'p99 of 64 writers while segments are sealed / while none is' '<= 1.2' \
        "$(ratio "$p99" "$(column 3 "$work/writers.whole")")"
    [[ -z ${BEFORE-} ]] || tell "p99 of 64 writers while segments are sealed / that of \$BEFORE" '<= 1.2' \
        "$(ratio "$p99" "$(column 3 "$work/writers.before")")"
}

churned_keys=35000 churned_bytes=381 churned_records=2184 # records of a segment of 1 MiB, of which the keys fill 16

# churn SEGMENTS: writes so many, and prints the CPU us of a write, that of the work included which is done behind it.
churn() {
    local count=$(($1 * churned_records)) before
    before=$(spent)
    "$tools/fill" put "$(port)" "$store" "$count" "$churned_keys" 1 "$churned_bytes" >/dev/null
    quiet
    calculate "($(spent) - $before) * 1e6 / $count"
}

# The segments that a store of 1 GiB has when 100 GiB were written to it, each 1 MiB in place of 64 MiB.
figure_churn() {
    local segments=$((size / 6250)) first last between
    start_cairnd churn --segment-size 1MiB
    churn 17 >/dev/null
    first=$(churn $((segments / 10)))
    between=$(churn $((segments - 2 * (segments / 10))))
    last=$(churn $((segments / 10)))
    tell 'churn: CPU us a write' '<= 1.2 x tenth' "$between"
    tell 'churn: CPU us a write, in the last tenth / in the first' '<= 1.2' "$(ratio "$last" "$first")"
    tell 'churn: files in log/' '<= 1.5 x tenth' "$(find "$work/churn/stores/$store/log" -type f | wc -l)"
    tell 'churn: memory, MiB' '<= 1.2 x tenth' "$(resident "$cairn_pid")"
    page 'after churn, limit 100' 'limit=100' '<= 1.2 x tenth'
    stop_stores churn
}

# ---- large objects -------------------------------------------------------------------------------

large=(--inline-limit 64) # beyond it an object is a file of its own; small ones do as well as large ones

# put_large STORE NAME COUNT: requests/s, p50, p99.
put_large() {
    many PUT "/v1/stores/$1/objects/$2/%" "$3" "$3" "$object_bytes"
}

# creating NAME: adds lines "requests/s CPU_us" of creating some more large objects.
creating() {
    local round before rate
    for ((round = 0; round < rounds; round++)); do
        before=$(spent)
        rate=$(put_large "$store" "$1-$round" 1000)
        echo "${rate%% *} $(calculate "($(spent) - $before) * 1000")" >>"$work/creating.$size.$1"
    done
}

figure_large() {
    local few=$work/creating.$size.few lots=$work/creating.$size.lots
    start_cairnd large "${large[@]}"
    put_large "$store" first 1000 >/dev/null
    creating few
    put_large "$store" between $((size / large_share)) >/dev/null
    creating lots
    tell 'creating large objects among very many: objects/s' '' "$(column 1 "$lots")"
    tell 'creating large objects among very many: rate / among 1,000' '>= 0.9' "$(ratio "$(column 1 "$lots")" "$(column 1 "$few")")"
    tell 'creating large objects among very many: CPU us' '' "$(column 2 "$lots")"
    tell 'creating large objects among very many: CPU / among 1,000' '<= 1.1' "$(ratio "$(column 2 "$lots")" "$(column 2 "$few")")"
    stop_stores large
}

# Others write meanwhile, until the space is back.
figure_removal() {
    local begin alone meanwhile
    start_cairnd removal "${large[@]}"
    create_store doomed
    put_large doomed all $((size * 35 / 100 / large_share)) >/dev/null
    alone=$(put_small alone)
    begin=$EPOCHREALTIME
    curl --silent --show-error --fail --request DELETE "$cairn/doomed?force=true"
    put_small meanwhile >"$work/meanwhile" &
    until [[ -z $(find "$work/removal/trash" -mindepth 1 -print -quit 2>/dev/null) ]]; do
        sleep 0.02
    done
    tell 'removing a store of large objects, until the space is back: s' '<= 60' \
        "$(calculate "$EPOCHREALTIME - $begin")"
    wait $!
    read -r meanwhile <"$work/meanwhile"
    tell 'p99 of writers while a store is removed / before' '' "$(ratio "${meanwhile##* }" "${alone##* }")"
    stop_stores removal
}

# put_small NAME: requests/s, p50 and p99 of writes to the first store that go into the log.
put_small() {
    many PUT "/v1/stores/$store/objects/$1/%" 5000 5000 60
}
