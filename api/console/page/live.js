// live.js - what the server does, or one store of it, over the last 15 minutes.

import { make, setText } from "./dom.js";
import { follow, later } from "./events.js";
import { faultOf } from "./fault.js";
import * as format from "./format.js";
import { storeHead } from "./head.js";
import { Plot } from "./plot.js";
import { maySeeServer } from "./session.js";
import { words } from "./words.js";

const SPAN = 15 * 60 * 1000;

const per = (all, count) => count > 0 ? all / count : null;

const column = (name, colour, value = (sample) => sample[name]) => ({ name: words.live.series[name], colour, value });

const COMMON = {
    requests: { write: format.compact, series: [column("reads", 1), column("writes", 2), column("deletes", 4),
        column("others", 3)] },
    traffic: { write: format.bytes, binary: true, series: [column("bytes_out", 1), column("bytes_in", 2)] },
    latency: { write: format.microseconds, series: [column("p50_us", 1), column("p99_us", 2)] },
    refusals: { write: format.compact, series: [column("refused", 2), column("errors", 4)] },
    commits: { write: format.compact, series: [column("commits", 1), column("records", 2)] },
    commitSize: { write: format.bytes, binary: true,
        series: [column("commit_bytes", 1, (sample) => per(sample.commit_bytes, sample.commits))] },
};

const SERVER = {
    ...COMMON,
    sync: { write: format.microseconds, series: [column("sync_p50_us", 1), column("sync_p99_us", 2)] },
    disk: { write: format.bytes, binary: true, top: (sample) => sample.disk_total,
            series: [column("disk_used", 1, (sample) => sample.disk_total - sample.disk_free), column("reserve", 2)] },
    connections: { write: format.compact, series: [column("connections", 1)] },
    memory: { write: format.bytes, binary: true, series: [column("memory", 1)] },
};

const STORE = {
    ...COMMON,
    space: { write: format.bytes, binary: true, series: [column("live_bytes", 1), column("dead_bytes", 4),
        column("disk_bytes", 2)] },
    objects: { write: format.compact, series: [column("objects", 1)] },
    flight: { write: format.compact, series: [column("writes_in_flight", 1)] },
};

export class Live {
    #abort = new AbortController();
    #samples = [];

    constructor({ store }) {
        this.store = store;
        this.title = store ? words.live.titleOf(store) : words.views.live;
        this.plots = Object.entries(store ? STORE : SERVER).map(([name, plot]) =>
            new Plot({ title: words.live.plots[name], most: SPAN, ...plot }));
        this.state = make("p", { class: "count", role: "status" }, words.live.connecting);
        const head = store ? storeHead(store, "live") : make("header", { class: "store-head" },
            make("h1", { tabindex: -1 }, words.views.live));
        head.append(this.state);
        this.element = make("section", { class: "live" }, head,
            make("div", { class: "plots", tabindex: 0, role: "group", "aria-label": this.title },
            ...this.plots.map((plot) => plot.element), store && make("p", { class: "hint" }, words.live.ofAll, " ",
                maySeeServer() && make("a", { href: "#/live" }, words.live.toAll))));
    }

    arrive() {
        this.#follow().catch((error) => this.state.replaceChildren(...faultOf(error)));
        return true;
    }

    close() {
        this.#abort.abort();
        this.plots.forEach((plot) => plot.close());
    }

    // Where the store is gone it may be made anew.
    async #follow() {
        for (;;) {
            await this.#watch().catch((error) => {
                if (error.kind !== "no-store")
                    throw error;
                if (!this.isGone)
                    this.state.replaceChildren(...faultOf(error));
                this.isGone = true;
            });
            await later(this.#abort.signal);
        }
    }

    async #watch() {
        const told = (on) => {
            this.isGone = false;
            setText(this.state, on ? words.live.connected : words.live.connecting);
        };
        let columns = [];
        for await (const { data } of follow(this.store ? `v1/stores/${this.store}/live` : "v1/live",
            { signal: this.#abort.signal, told })) {
            columns = data.columns ?? columns;
            this.#add(data.rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))));
        }
    }

    // After a break the history comes once more: what is known of it already is left out. Where the server's clock was set
    // back, what is later than now goes.
    #add(samples) {
        const last = this.#samples.at(-1)?.time ?? 0, wasSetBack = samples.at(-1)?.time < last;
        for (const sample of samples.filter(({ time }) => wasSetBack || time > last)) {
            while (this.#samples.at(-1)?.time >= sample.time)
                this.#samples.pop();
            this.#samples.push(sample);
        }
        const from = (this.#samples.at(-1)?.time ?? 0) - SPAN;
        this.#samples = this.#samples.filter((sample) => sample.time >= from);
        this.plots.forEach((plot) => plot.show(this.#samples));
    }
}
