// copying.js - several objects are copied to another place, in order; but one that lies where another one goes comes
// before that. Where keys are taken one question is asked for all of them. Of any other fault it is told whose it is;
// then nothing is copied until somebody has said how to go on.

import { judge } from "./choice.js";
import { askConflict } from "./conflict.js";
import { answerInFront, choose } from "./dialog.js";
import { make } from "./dom.js";
import { faultOf } from "./fault.js";
import { Key, isKey } from "./key.js";
import { tell } from "./spelling.js";
import { Away, moment } from "./server.js";
import { etagOf, holds, look, transfer } from "./store.js";
import { words } from "./words.js";

const AT_ONCE = 3;
const STOPPED = new Error(); // by somebody: how far it came is known when all that was under way has ended

export class Copying {
    #left; // { key, target }, the next one last
    #workers = AT_ONCE;
    #rule = null; // what is done where a key is taken, once that was asked
    #asked = Promise.resolve(); // until all is answered that was asked so far
    #failure = null;
    #tried = null; // the question for a token that was not answered, and somebody tries it again all the same
    done = 0;
    skipped = 0;

    // What stands behind `base` in the keys comes behind the prefix of the target. Throws where that is no place for
    // one of them: then none is copied.
    constructor(store, keys, base, target) {
        Object.assign(this, { store, target, all: keys.length });
        if (store === target.store && base === target.prefix)
            throw new Error(words.refusals["same-object"]);
        this.#left = keys.map((key) => ({ key, target: key.bytes === null ? key :
            new Key(target.prefix + key.bytes.slice(base.length)) })).reverse();
        for (const { key, target: one } of this.#left) {
            if (one.bytes !== null && !isKey(one.bytes))
                throw new Error(words.copy.noKey(tell(key.shown)));
            judge(target.store, one);
        }
        if (store === target.store)
            this.#untangle(target.prefix.length - base.length);
    }

    // The further its key is in the direction in which all change their lengths, the earlier each is copied; one by one.
    #untangle(by) {
        const sources = new Set(this.#left.map(({ key }) => key.id));
        if (!this.#left.some(({ target }) => sources.has(target.id)))
            return;
        this.#left.sort((one, other) => by * (one.key.id.length - other.key.id.length));
        this.#workers = 1;
    }

    isTo({ store, prefix }) {
        return this.target.store === store && this.target.prefix === prefix;
    }

    // Copies what is left of them, as long as somebody wants it. told() comes after each. Whoever has stopped it may
    // let it go on.
    async run({ signal, told }) {
        this.#failure = null;
        await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signal, told)));
        if (this.#failure === STOPPED)
            throw new Error(words.copy.stopped(this.done, this.all));
        if (this.#failure !== null)
            throw this.#failure;
    }

    async #work(signal, told) {
        for (let step; (step = await this.#next()) !== undefined;) {
            try {
                signal.throwIfAborted();
                if (await this.#copy(step, signal))
                    this.done++;
                else
                    this.skipped++;
                told();
            } catch (error) {
                this.#left.push(step);
                this.#failure ??= error;
            }
        }
    }

    // The next one, if it goes on, as soon as nobody is asked anything any more.
    async #next() {
        for (let asked = null; asked !== this.#asked;) {
            asked = this.#asked;
            await asked;
        }
        return this.#failure === null ? this.#left.pop() : undefined;
    }

    // True when it is there, false where it is left out.
    async #copy({ key, target }, signal) {
        let to = target, overwrite = this.#rule === "replace";
        for (let count = 2, began = moment(); ;) {
            signal.throwIfAborted();
            try {
                await transfer("copy", this.store, key, { store: this.target.store, key: to }, { overwrite });
                return true;
            } catch (error) {
                if (error.kind === "target-exists" && await this.#hasCome(key, to, began))
                    return true;
                const how = await this.#decide(target, error);
                began = error instanceof Away ? began : moment();
                if (how === "skip")
                    return false;
                overwrite = how === "replace";
                if (how === "both")
                    to = target.another(count++);
            }
        }
    }

    // Where that cannot be told somebody is asked.
    async #hasCome(key, to, began) {
        const held = await look(this.store, key).catch(() => null);
        return held !== null && holds({ store: this.target.store, key: to }, etagOf(held), began).catch(() => false);
    }

    async #decide(target, error) {
        const isTaken = error.kind === "target-exists", front = answerInFront();
        const how = await this.#ask(() => isTaken ? this.#rule ?? askConflict(target, words.copy.taken) :
            this.#askFault(target, error, front));
        if (isTaken)
            this.#rule = how;
        return isTaken && how === "both" && target.bytes === null ? "skip" : how; // a hash has no other name
    }

    // One question after the other; none where it is stopped already, and that is known before the next one is asked.
    #ask(question) {
        const answer = this.#asked.then(() => this.#failure === null ? question() : null).then((how) => {
            if (how === null || how === "stop")
                throw this.#failure ??= STOPPED;
            return how;
        });
        this.#asked = answer.catch(() => {});
        return answer;
    }

    // With a token that is good, which the page has asked for, it goes on.
    async #askFault(key, error, front) {
        const isUnknown = error.status === 401;
        if (isUnknown && (await front !== null || this.#tried === front))
            return "again";
        const how = await choose({ title: words.copy.fault(tell(key.shown)),
            text: [make("div", {}, ...faultOf(error)), words.copy.progress(this.done, this.all)],
            choices: [["stop", words.copy.stop, ""], ["skip", words.copy.leaveOut, ""],
                ["again", words.browse.retry, "primary"]] });
        if (isUnknown && how === "again")
            this.#tried = front;
        return how;
    }
}
