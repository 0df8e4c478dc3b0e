# peers_tables.sh - what ./dev bench peers prints: its figures as tables, beside what is meant to be reached, and as a plot.
# Sourced, never run. A file of $work/figures is named WORK.SERVER and has a line for each run.
# shellcheck shell=bash disable=SC2154

declare -A work_title=(
    [put-1]='PUT 1 KiB, 1 connection' [put-16]='PUT 1 KiB, 16' [put-64]='PUT 1 KiB, 64' [put-256]='PUT 1 KiB, 256'
    [put-1000]='PUT 1 KiB, 1,000' [put64k-16]='PUT 64 KiB, 16' [get-1]='GET 1 KiB, 1 connection' [get-64]='GET 1 KiB, 64'
    [get-1000]='GET 1 KiB, 1,000' [get64k-16]='GET 64 KiB, 16' [mixed-64]='nine GETs to one PUT, 1 KiB, 64'
    [delete-16]='DELETE, 16' [list-1]='a list of 1,000' [batch-16]='batches of 100, 16'
    [put-large]='PUT of a large one' [get-first]='GET of that, the first' [get-again]='GET of that, again'
    [copy]='COPY of that' [move]='MOVE of that' [put-four]='4 PUTs of a quarter of that at once'
    [get-part]='GET of one of these, the first'
)

# most COLUMN WORK and least COLUMN WORK: of all peers.
of_peers() {
    local name
    for name in "${servers[@]}"; do
        [[ $name == cairn ]] || is_limit "$name" || value "$2" "$name" "$1"
    done | sort -g
}

most() {
    of_peers "$@" | tail -n 1
}

least() {
    of_peers "$@" | head -n 1
}

# ---- tables --------------------------------------------------------------------------------------

# version NAME: what a server says that it is.
version() {
    case $1 in
    cairn) "$cairnd" --version ;;
    nginx) nginx -v 2>&1 ;;
    apache) (with_libraries apache2 -v) ;;
    lighttpd) (with_libraries lighttpd -v) ;;
    rclone) rclone version ;;
    seaweedfs | volume*) echo "${module[weed]#*@}" ;;
    minio) echo "${module[minio]#*@}" ;;
    versity) echo "${module[versitygw]#*@}" ;;
    esac | grep -oE 'v?[0-9]+(\.[0-9]+)+[-.0-9A-Za-z]*' | head -n 1
}

server_table() {
    local name
    printf '\n| server | version | syncs for 100 PUTs | MiB at the end | at the peak | seconds of this run |\n'
    printf '|---|---|---:|---:|---:|---:|\n'
    for name in "${servers[@]}"; do
        is_limit "$name" || printf '| %s | %s | %s | %s | %d |\n' "${title[$name]}" "$(version "$name")" "$(syncs "$name")" \
            "$(memory "$name")" $((${took[$name]-0} / 1000000))
    done
}

# of WORK COLUMN OTHER [OTHER_WORK]: the ratio of cairnd to another server there.
of() {
    ratio "$(value "$1" cairn "$2")" "$(value "${4-$1}" "$3" "$2")"
}

goal_table() {
    printf '\n| goal | measured | met |\n|---|---|---|\n'
    goal "PUT 1 KiB at 64 and 256: CPU beside libmicrohttpd's" '<=' 1.75 \
        "$(of put-64 4 responder_mhd)" "$(of put-256 4 responder_mhd)"
    goal 'the same: rate beside the best peer' '>=' 2.5 \
        "$(ratio "$(value put-64 cairn 1)" "$(most 1 put-64)")" "$(ratio "$(value put-256 cairn 1)" "$(most 1 put-256)")"
    goal 'PUT 1 KiB at 1: rate beside append and fdatasync' '>=' 0.8 "$(of put-1 1 commit)"
    goal "GET 1 KiB at 64: CPU beside libmicrohttpd's" '<=' 1.2 "$(of get-64 4 responder_mhd)"
    goal 'PUT 64 KiB: CPU beside the best peer' '<=' 1 "$(ratio "$(value put64k-16 cairn 4)" "$(least 4 put64k-16)")"
    goal 'GET 64 KiB: CPU beside the best peer' '<=' 1 "$(ratio "$(value get64k-16 cairn 4)" "$(least 4 get64k-16)")"
    goal "the first GET of $((mib / 4)) MiB just written: rate beside nginx" '>=' 1 "$(of get-part 1 nginx)"
    goal "PUT of $mib MiB: rate beside nginx" '>=' 1.5 "$(of put-large 1 nginx)"
    goal 'objects by batches of 100 beside single PUTs, both at 16' '>=' 6 \
        "$(awk -v batches="$(value batch-16 cairn 1)" -v puts="$(value put-16 cairn 1)" \
            'BEGIN {if (puts > 0) printf "%.1f", batches * 100 / puts; else printf "-"}')"
}

print_tables() {
    local name kind words transfers=() others=() keepers=()
    for name in "${servers[@]}"; do
        is_limit "$name" || keepers+=("$name")
    done
    for kind in "${large_work[@]}"; do
        [[ $kind == copy || $kind == move ]] && others+=("$kind") || transfers+=("$kind")
    done
    printf '%s; medians of %d rounds, of large objects (%d MiB) %d\n' "$(machine)" "$rounds" "$mib" "$large_rounds"
    table 'requests/s' 1 "${servers[@]}" commit -- "${small_work[@]}"
    table 'CPU us a request' 4 "${servers[@]}" commit -- "${small_work[@]}"
    table 'p99, ms' 3 "${servers[@]}" -- "${small_work[@]}"
    table 'MiB/s' 1 "${keepers[@]}" responder loopback -- "${transfers[@]}"
    table 'seconds' 5 "${keepers[@]}" -- "${others[@]}"
    table 'CPU ms' 4 "${keepers[@]}" responder loopback -- "${large_work[@]}"
    server_table
    goal_table
    ((${#misses[@]} == 0)) || printf '\nNot in it:\n\n'
    for words in "${!misses[@]}"; do
        printf -- '- %s\n' "$words"
    done | sort
}

# Rates of small work beside cairnd's, as bars on a scale of doublings: what is short is slower.
plot() {
    local name kind
    for kind in "${small_work[@]}"; do
        for name in "${servers[@]}"; do
            is_limit "$name" || [[ ! -s $work/figures/$kind.$name ]] ||
                printf '%s\t%s\t%.0f\n' "${work_title[$kind]}" "${title[$name]}" "$(value "$kind" "$name" 1)"
        done
    done | awk -F '\t' -f "$root/bench/plot.awk"
}
