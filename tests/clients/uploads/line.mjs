// A line between clients and a server that breaks: it passes bytes on in both directions, until it is cut.

import { connect, createServer } from "node:net";
import { Transform } from "node:stream";

const PATIENCE = 60000; // milliseconds that after() waits

// What comes from a client, no faster than so many bytes in a millisecond.
const paced = (pace) => new Transform({
    transform: (bytes, encoding, pass) => setTimeout(pass, bytes.length / pace, null, bytes),
});

export class Line {
    #pace;
    #pairs = new Set();
    #down = false;
    sent = 0; // bytes of clients, of all connections
    #watch = null;

    // Passes on to a port of this machine, of what clients send `pace` bytes in a millisecond at most. `port` is its own.
    static async open(target, pace = Infinity) {
        const line = new Line();
        line.#pace = pace;
        line.server = createServer((client) => line.#join(client, target));
        await new Promise((resolve) => line.server.listen(0, "127.0.0.1", resolve));
        line.port = line.server.address().port;
        return line;
    }

    #join(client, target) {
        if (this.#down) {
            client.destroy();
            return;
        }
        const server = connect(target, "127.0.0.1");
        const pair = [client, server];
        this.#pairs.add(pair);
        for (const end of pair)
            end.on("error", () => {}).on("close", () => {
                this.#pairs.delete(pair);
                pair.forEach((other) => other.destroy());
            });
        const sent = this.#pace < Infinity ? client.pipe(paced(this.#pace)) : client;
        sent.on("data", (bytes) => this.#count(bytes.length));
        sent.pipe(server);
        server.pipe(client);
    }

    #count(bytes) {
        this.sent += bytes;
        if (this.#watch && this.sent >= this.#watch.from) {
            const { reached } = this.#watch;
            this.#watch = null;
            reached();
        }
    }

    // When clients have sent so many bytes in all.
    after(bytes) {
        return new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error(`of ${bytes} bytes only ${this.sent} came`)), PATIENCE);
            this.#watch = { from: bytes, reached: () => {
                clearTimeout(late);
                resolve();
            } };
        });
    }

    // Breaks every connection in the middle of what it is doing, and those that come until mend().
    cut() {
        this.#down = true;
        for (const [client, server] of this.#pairs) {
            client.resetAndDestroy();
            server.resetAndDestroy();
        }
    }

    mend() {
        this.#down = false;
    }

    close() {
        this.cut();
        this.server.close();
    }
}
