// A cairnd that is killed and comes back: at the same port, with the same data.

import { readFile } from "node:fs/promises";
import { startCairnd } from "./cairnd.mjs";

// The most memory that a process has had, in KiB.
async function peak({ pid }) {
    return Number(/VmHWM:\s*(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8"))[1]);
}

export class Cairn {
    grown = 0; // the most KiB that it took beyond what it had when it was idle, of all its lives

    static async start(data, ...flags) {
        const cairn = new Cairn();
        Object.assign(cairn, { data, flags, port: 0 });
        await cairn.#live();
        return cairn;
    }

    async #live() {
        const listen = `127.0.0.1:${this.port}`; // port 0: any, the first time
        this.life = await startCairnd(this.data, ["--listen", listen, "--stores", "s", ...this.flags]);
        this.port = this.life.port;
        await fetch(`${this.store}/objects`); // so that the store is open
        this.idle = await peak(this.life);
    }

    get store() {
        return `http://127.0.0.1:${this.port}/v1/stores/s`;
    }

    async #end(signal) {
        await this.measure();
        await this.life.end(signal);
    }

    async measure() {
        this.grown = Math.max(this.grown, await peak(this.life) - this.idle);
    }

    async crash() {
        await this.#end("SIGKILL");
        await this.#live();
    }

    async stop() {
        await this.#end("SIGTERM");
    }
}
