# tables.sh - figures as tables in Markdown. Sourced behind lib.sh, never run. A file of $work/figures is named WORK.SERVER
# and has a line for each run; ${work_title[WORK]} and ${title[SERVER]} tell what they are.
# shellcheck shell=bash disable=SC2154

# ---- figures -------------------------------------------------------------------------------------

# value WORK NAME COLUMN: the median, or nothing.
value() {
    [[ ! -s $work/figures/$1.$2 ]] || column "$3" "$work/figures/$1.$2"
}

# figure NUMBER: as many digits as tell something, with commas.
figure() {
    awk -v number="$1" 'BEGIN {
        if (number < 10) {
            printf number < 1 ? "%.2g" : "%.1f", number
            exit
        }
        digits = sprintf("%.0f", number)
        while (match(digits, /[0-9][0-9][0-9][0-9](,|$)/))
            digits = substr(digits, 1, RSTART) "," substr(digits, RSTART + 1)
        print digits
    }'
}

# cell WORK NAME COLUMN
cell() {
    local number
    number=$(value "$@")
    [[ -z $number || $number == 0 ]] || figure "$number"
}

# ---- tables --------------------------------------------------------------------------------------

# table WORDS COLUMN NAME... -- WORK...
table() {
    local words=$1 column=$2 name kind names=()
    shift 2
    while [[ $1 != -- ]]; do
        names+=("$1")
        shift
    done
    shift
    printf '\n| %s |' "$words"
    for name in "${names[@]}"; do
        printf ' %s |' "${title[$name]}"
    done
    printf '\n|---|'
    printf -- '---:|%.0s' "${names[@]}"
    printf '\n'
    for kind in "$@"; do
        printf '| %s |' "${work_title[$kind]}"
        for name in "${names[@]}"; do
            printf ' %s |' "$(cell "$kind" "$name" "$column")"
        done
        printf '\n'
    done
}

# goal WORDS SIGN BOUND NUMBER...: a row of what is meant to be reached, met when each number is; none where one lacks.
goal() {
    [[ " ${*:4} " == *" - "* ]] || awk -v words="$1" -v sign="$2" -v bound="$3" 'BEGIN {
        for (i = 1; i < ARGC; i++) {
            missed += sign == "<=" ? ARGV[i] > bound : ARGV[i] < bound
            shown = shown (i > 1 ? ", " : "") ARGV[i]
        }
        printf "| %s %s %s | %s | %s |\n", words, sign, bound, shown, missed ? "**no**" : "yes"
    }' "${@:4}"
}
