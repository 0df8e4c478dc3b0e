// A cairnd that is killed and comes back: at the same port, with the same data.

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

const [, , binary] = process.argv;
const running = new Set();

// Once it is ready and has said where it listens. Port 0: any.
function start(data, port, flags) {
    const child = spawn(binary, ["--data", data, "--drain-delay", "0", "--listen", `127.0.0.1:${port}`, "--stores", "s",
        ...flags]);
    const ended = new Promise((resolve) => child.on("exit", resolve));
    running.add(child);
    return new Promise((resolve, reject) => {
        let log = "";
        child.stderr.on("data", (bytes) => {
            log += bytes;
            const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log);
            if (found && log.includes("cairnd: ready"))
                resolve({ child, ended, port: Number(found[1]) });
        });
        ended.then(() => reject(new Error(`cairnd ended: ${log}`)));
    });
}

// The most memory that a process has had, in KiB.
async function peak(child) {
    return Number(/VmHWM:\s*(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, "utf8"))[1]);
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
        this.life = await start(this.data, this.port, this.flags);
        this.port = this.life.port;
        await fetch(`${this.store}/objects`); // so that the store is open
        this.idle = await peak(this.life.child);
    }

    get store() {
        return `http://127.0.0.1:${this.port}/v1/stores/s`;
    }

    async #end(signal) {
        await this.measure();
        this.life.child.kill(signal);
        await this.life.ended;
        running.delete(this.life.child);
    }

    async measure() {
        this.grown = Math.max(this.grown, await peak(this.life.child) - this.idle);
    }

    async crash() {
        await this.#end("SIGKILL");
        await this.#live();
    }

    async stop() {
        await this.#end("SIGTERM");
    }
}

export function killAll() {
    running.forEach((child) => child.kill("SIGKILL"));
}
