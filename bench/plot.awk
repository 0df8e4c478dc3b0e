# plot.awk - rates as an SVG: for each kind of work a group of bars, one for each server.
#
# Reads lines of WORK, SERVER and RATE, set apart by tabs, those of one kind together; the first server of a kind is the
# measure of the others. Where a bar ends tells its ratio to that, on a scale of doublings from 1/64 to 4.

function text(x, y, anchor, words, class) {
    printf "<text x=\"%g\" y=\"%g\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", x, y, anchor, class, words
}

function place(ratio) {
    if (ratio < 1 / 64)
        ratio = 1 / 64
    return left + (log(ratio > 4 ? 4 : ratio) / log(2) + 6) * step
}

function scale(bottom, power, x) {
    for (power = -6; power <= 2; power++) {
        x = left + (power + 6) * step
        printf "<line x1=\"%g\" x2=\"%g\" y1=\"30\" y2=\"%g\" class=\"%s\"/>\n", x, x, bottom, power == 0 ? "one" : "grid"
        text(x, 22, "middle", power < 0 ? "1/" 2 ^ -power : 2 ^ power, "small")
    }
}

BEGIN {
    left = 320
    step = 60
    bar = 13
}

{
    if ($1 != work[rows]) {
        base = $3
        groups++
    }
    rows++
    work[rows] = $1
    server[rows] = $2
    rate[rows] = $3
    ratio[rows] = base > 0 ? $3 / base : 0
    group[rows] = groups
}

END {
    height = 40 + rows * bar + groups * 12
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n", left + 8 * step + 90, height + 10
    print "<title>Requests a second, beside those of " server[1] "</title>"
    print "<style>text{font:11px sans-serif;fill:#24292f}.small{font-size:10px;fill:#6e7781}.name{font-weight:600}" \
        ".grid{stroke:#d0d7de}.one{stroke:#57606a}.ours{fill:#0969da}.other{fill:#8c959f}" \
        "svg{background:#fff}</style>"
    printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
    scale(height)
    y = 40
    for (row = 1; row <= rows; row++) {
        first = work[row] != work[row - 1]
        if (first && row > 1)
            y += 12
        if (first)
            text(4, y + bar - 3, "start", work[row], "name")
        text(left - 6, y + bar - 3, "end", server[row], "")
        printf "<rect x=\"%g\" y=\"%g\" width=\"%.1f\" height=\"%g\" class=\"%s\"/>\n", left, y + 1, \
            place(ratio[row]) - left, bar - 3, first ? "ours" : "other"
        text(place(ratio[row]) + 4, y + bar - 3, "start", rate[row] "/s", "small")
        y += bar
    }
    print "</svg>"
}
