// What is checked, and how many of it held.

import { createHash, randomBytes } from "node:crypto";

export const MIB = 1 << 20;

export class Checks {
    #passed = 0;
    #failed = 0;

    constructor(title) {
        this.title = title;
    }

    check(what, holds, seen) {
        if (holds) {
            this.#passed++;
            return;
        }
        this.#failed++;
        console.log(`FAILED ${this.title}: ${what}:`, seen);
    }

    // A scene that breaks off has failed, and the next one is played all the same.
    async run(scene, ...props) {
        await scene(...props).catch((error) => this.check(scene.name, false, error.message));
    }

    // Says what came of it, and ends the program.
    end() {
        console.log(`${this.title}: ${this.#passed} passed, ${this.#failed} failed`);
        process.exit(this.#failed === 0 ? 0 : 1);
    }
}

// Chunks that nobody can guess, one after the other, of a length that no buffer divides.
export function* noise(length) {
    for (let left = length; left > 0;) {
        const chunk = randomBytes(Math.min(left, MIB - 1));
        left -= chunk.length;
        yield chunk;
    }
}

export async function sha256(chunks) {
    const hash = createHash("sha256");
    for await (const chunk of chunks)
        hash.update(chunk);
    return hash.digest("hex");
}

export async function digestOf(url) {
    const answer = await fetch(url);
    return answer.status === 200 ? sha256(answer.body) : `status ${answer.status}`;
}
