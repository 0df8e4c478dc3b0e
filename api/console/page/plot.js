// plot.js - lines over the last minutes, in SVG. What is seen is also told: the legend has the newest values in words,
// and along the plot one moves by the arrow keys as with the pointer, from second to second.

import { draw, make, setText } from "./dom.js";
import * as format from "./format.js";
import { words } from "./words.js";

const HEIGHT = 150;
const LEFT = 64, TOP = 8, BOTTOM = 20, RIGHT = 6;
const LEAST = 60000; // milliseconds that are seen at least, however little there is
const GAP = 5000; // milliseconds without a sample, over which no line leads

// The least round number that is no less: of bytes a power of two, else 1, 2 or 5 and zeros.
function ceiling(value, binary) {
    if (value <= 0)
        return 1;
    if (binary)
        return 2 ** Math.ceil(Math.log2(value));
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].find((step) => step * power >= value * 0.9999) * power;
}

// series: [{ name, value(sample), colour: 1 to 4 }]; write(value) makes it words; most: milliseconds that are seen at
// most; top(sample): the greatest value that is possible, if there is one.
export class Plot {
    #at = null; // the sample that one looks at; null: the newest
    #samples = [];

    constructor({ title, series, write, binary = false, most, top = null }) {
        Object.assign(this, { title, series, write, binary, most, top });
        this.lines = series.map(({ colour }) => draw("path", { class: `line c${colour}` }));
        this.cross = draw("line", { class: "cross", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
        this.scale = [1, 0.5, 0].map((share) => ({ share, line: draw("line", { class: "rule", x1: LEFT }),
            text: draw("text", { class: "tick", x: LEFT - 8, "text-anchor": "end" }) }));
        this.times = [0, 1, 2, 3].map((third) => ({ third,
            text: draw("text", { class: "tick", y: HEIGHT - 4,
            "text-anchor": third === 0 ? "start" : third === 3 ? "end" : "middle" }) }));
        this.svg = draw("svg", { height: HEIGHT, "aria-hidden": "true" },
            ...this.scale.flatMap(({ line, text }) => [line, text]),
            ...this.times.map(({ text }) => text), ...this.lines, this.cross);
        this.values = series.map(() => make("dd"));
        this.moment = make("span", { class: "moment" });
        this.field = make("div", { class: "field-of-plot", tabindex: 0, role: "slider", "aria-label": title,
            "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0,
            onkeydown: (event) => this.#key(event), onblur: () => this.#look(null),
                onpointermove: (event) => this.#point(event), onpointerleave: () => this.#look(null) }, this.svg);
        this.element = make("figure", { class: "plot" }, make("figcaption", {}, make("h2", {}, title), this.moment),
            this.field, make("dl", { class: "legend" },
                ...series.flatMap(({ name, colour }, index) => [make("dt", { class: `c${colour}` }, name),
                this.values[index]])));
        this.observer = new ResizeObserver(() => this.#draw());
        this.observer.observe(this.field);
    }

    close() {
        this.observer.disconnect();
    }

    // Samples in the order of time, which are objects with `time`; the newest stands at the right.
    show(samples) {
        this.#samples = samples;
        this.#draw();
    }

    // Milliseconds from the left to the right.
    get #span() {
        return Math.max(LEAST, Math.min(this.most, this.#samples.at(-1).time - this.#samples[0].time));
    }

    get #width() {
        return this.field.clientWidth;
    }

    #x(time) {
        return LEFT + (this.#width - LEFT - RIGHT) * (1 - (this.#samples.at(-1).time - time) / this.#span);
    }

    #draw() {
        if (this.#samples.length === 0 || this.#width === 0)
            return;
        const highest = this.#samples.reduce((most, sample) => Math.max(most,
            ...this.series.map(({ value }) => value(sample) ?? 0)), 0);
        const top = ceiling(Math.max(highest, this.top?.(this.#samples.at(-1)) ?? 0), this.binary);
        const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
        this.svg.setAttribute("width", this.#width);
        for (const { share, line, text } of this.scale) {
            const at = y(share * top);
            for (const [name, value] of [["x2", this.#width - RIGHT], ["y1", at], ["y2", at]])
                line.setAttribute(name, value);
            text.setAttribute("y", at + 4);
            setText(text, this.write(share * top));
        }
        for (const { third, text } of this.times) {
            text.setAttribute("x", LEFT + (this.#width - LEFT - RIGHT) * third / 3);
            setText(text, format.time(this.#samples.at(-1).time - this.#span * (3 - third) / 3));
        }
        this.series.forEach(({ value }, index) => this.lines[index].setAttribute("d", this.#path(value, y)));
        this.#tell();
    }

    #path(value, y) {
        let path = "", before = null;
        for (const sample of this.#samples) {
            const one = value(sample);
            if (one !== null && one !== undefined)
                path += (before !== null && sample.time - before < GAP ? "L" : "M") +
                    `${this.#x(sample.time).toFixed(1)} ${y(one).toFixed(1)}`;
            before = one === null || one === undefined ? null : sample.time;
        }
        return path;
    }

    // ---- looking at one moment -----------------------------------------------------------------------

    #tell() {
        const sample = this.#at ?? this.#samples.at(-1), place = this.#samples.indexOf(sample);
        const said = this.series.map(({ value }) => this.#said(value(sample)));
        said.forEach((text, index) => setText(this.values[index], text));
        setText(this.moment, this.#at ? format.time(sample.time) : "");
        this.field.setAttribute("aria-valuemax", this.#samples.length - 1);
        this.field.setAttribute("aria-valuenow", Math.max(0, place));
        const named = this.series.map(({ name }, index) => `${name} ${said[index]}`).join(", ");
        this.field.setAttribute("aria-valuetext", `${format.time(sample.time)}: ${named}`);
        this.cross.setAttribute("visibility", this.#at ? "visible" : "hidden");
        if (this.#at)
            for (const name of ["x1", "x2"])
                this.cross.setAttribute(name, this.#x(sample.time));
    }

    #said(value) {
        return value === null || value === undefined ? words.plot.none : this.write(value);
    }

    #look(place) {
        this.#at = place === null ? null : this.#samples[Math.max(0, Math.min(place, this.#samples.length - 1))];
        if (this.#samples.length > 0)
            this.#tell();
    }

    #point(event) {
        if (this.#samples.length === 0)
            return;
        const x = event.clientX - this.field.getBoundingClientRect().left;
        const nearest = this.#samples.findIndex((sample) => this.#x(sample.time) >= x);
        this.#look(nearest < 0 ? this.#samples.length - 1 : nearest);
    }

    #key(event) {
        const last = this.#samples.length - 1, now = this.#at ? this.#samples.indexOf(this.#at) : last;
        const to = { ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - 60, PageDown: now + 60, Home: 0,
            End: last }[event.key];
        if (to === undefined)
            return;
        event.preventDefault();
        this.#look(to);
    }
}
