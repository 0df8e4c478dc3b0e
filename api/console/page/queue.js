// queue.js - files on their way, tens of thousands of them: a few at a time, each until it is done, skipped or has failed.
//
// When nobody answers, all wait together, until the server is there again: nothing has failed then.

import { Key } from "./key.js";
import { Refusal, ask, passes } from "./server.js";
import { LOT, Taken, send, sendLot } from "./send.js";
import { dropResumable } from "./tus.js";

const AT_ONCE = 4; // of the six connections that a browser has: the page wants to go on
const MEASURED = 16; // sizes that are looked up for one lot, if they are not known yet
const WAITS = [500, 1000, 2000, 4000, 8000];

// Where a browser does not tell when it is idle, it is so for some milliseconds now and then.
const whenIdle = self.requestIdleCallback ?? ((call) => setTimeout(() => {
    const end = performance.now() + 10;
    call({ timeRemaining: () => end - performance.now() });
}, 20));

// The files that came together. `rule` is what they do where a key is taken, once that was asked.
class Group {
    rule = null;
    held = []; // items that wait for the rule
    asked = false;
}

export class Queue {
    #next = 0; // up to here items were taken
    #again = []; // and these once more
    #workers = 0;
    #back = null; // while nobody answers: a promise of when somebody does
    #measuring = 0; // up to here sizes are known
    unmeasured = 0;
    items = [];
    counts = { waiting: 0, sending: 0, asking: 0, paused: 0, failed: 0, done: 0, skipped: 0 };
    bytes = 0;
    sent = 0;
    paused = false;

    // decide(item) asks what to do where a key is taken; changed() comes whenever something has; stored(store) with each
    // object that is there.
    constructor({ decide, changed, stored }) {
        Object.assign(this, { decide, changed, stored });
    }

    get isAway() {
        return this.#back !== null;
    }

    get isBusy() {
        return this.counts.waiting + this.counts.sending + this.counts.asking > 0;
    }

    // Files that come together: add() takes more of them as they are found.
    group() {
        return new Group();
    }

    // files: [{ file, path: bytes }], which become objects below the prefix.
    add(group, { store, prefix }, files) {
        for (const { file, path } of files)
            this.items.push({ file, store, key: new Key(prefix + path), group, state: "waiting", size: null, sent: 0,
                error: null, abort: null });
        this.counts.waiting += files.length;
        this.unmeasured += files.length;
        this.#measureAll();
        this.#work();
    }

    // ---- sizes -----------------------------------------------------------------------------------

    // To ask a file for its size makes browsers look at the disk, for a millisecond each. Of ten thousand it is asked in
    // between, when there is nothing else to do, and at the latest when the file is sent.
    #measure(item) {
        if (item.size !== null)
            return;
        item.size = item.file.size;
        this.bytes += item.size;
        this.unmeasured--;
    }

    #measureAll() {
        whenIdle((deadline) => {
            while (this.#measuring < this.items.length && deadline.timeRemaining() > 2)
                this.#measure(this.items[this.#measuring++]);
            this.changed();
            if (this.#measuring < this.items.length)
                this.#measureAll();
        });
    }

    // ---- what people do --------------------------------------------------------------------------

    pause() {
        this.paused = true;
        for (const item of this.items)
            if (item.state === "sending")
                item.abort.abort();
        this.changed();
    }

    resume() {
        this.paused = false;
        for (const item of this.items)
            if (item.state === "paused")
                this.#return(item);
        this.#work();
    }

    pauseOne(item) {
        if (item.state === "waiting" || item.state === "sending") {
            this.#turn(item, "paused");
            item.abort?.abort();
        }
    }

    retry(items = this.items) {
        for (const item of items)
            if (item.state === "failed" || item.state === "paused")
                this.#return(item);
        this.#work();
    }

    // It is not sent, and what was of it is forgotten.
    drop(item) {
        this.#leave(item);
        item.abort?.abort();
        dropResumable(item);
    }

    // It does not count any more.
    #leave(item) {
        this.#measure(item);
        this.bytes -= item.size;
        this.sent -= item.sent;
        this.#turn(item, "skipped");
    }

    // Those that are done or skipped leave the list.
    clear() {
        const left = this.items.filter((item) => item.state !== "done" && item.state !== "skipped");
        this.#next = left.filter((item) => item.taken).length;
        left.sort((one, other) => Number(other.taken ?? false) - Number(one.taken ?? false));
        this.items = left;
        Object.assign(this.counts, { done: 0, skipped: 0 });
        this.#measuring = 0;
        this.bytes = left.reduce((sum, item) => sum + (item.size ?? 0), 0);
        this.sent = left.reduce((sum, item) => sum + item.sent, 0);
        this.changed();
    }

    // ---- the work --------------------------------------------------------------------------------

    #turn(item, state) {
        this.counts[item.state]--;
        this.counts[state]++;
        item.state = state;
        this.changed();
    }

    #return(item) {
        item.error = null;
        this.#turn(item, "waiting");
        if (item.taken)
            this.#again.push(item);
    }

    // The next one that waits, if it fits; those that do not wait any more are passed over.
    #take(fits = () => true) {
        for (;;) {
            const again = this.#again.length > 0, item = again ? this.#again[0] : this.items[this.#next];
            if (item === undefined || (item.state === "waiting" && !fits(item)))
                return null;
            if (again)
                this.#again.shift();
            else
                this.#next++;
            item.taken = true;
            if (item.state === "waiting")
                return item;
        }
    }

    // One file, or several small ones that may go together.
    #takeLot() {
        const first = this.#take(), lot = [];
        if (first === null)
            return lot;
        lot.push(first);
        this.#measure(first);
        let bytes = first.size, unmeasured = MEASURED;
        const fits = (item) => {
            if (item.size === null && unmeasured-- > 0)
                this.#measure(item);
            return item.size !== null && !item.alone && item.size <= LOT.each && bytes + item.size <= LOT.bytes &&
                item.store === first.store && item.group === first.group;
        };
        if (first.alone || first.size > LOT.each)
            return lot;
        for (let item; lot.length < LOT.files && (item = this.#take(fits)) !== null;) {
            lot.push(item);
            bytes += item.size;
        }
        return lot;
    }

    #work() {
        while (this.#workers < AT_ONCE && !this.paused && (this.#again.length > 0 || this.#next < this.items.length)) {
            this.#workers++;
            this.#sendAll().finally(() => { this.#workers--; });
        }
        this.changed();
    }

    async #sendAll() {
        while (!this.paused) {
            await this.#back;
            const lot = this.paused ? [] : this.#takeLot();
            if (lot.length === 0)
                break;
            const abort = new AbortController();
            for (const item of lot) {
                item.abort = abort;
                this.#turn(item, "sending");
            }
            await (lot.length === 1 ? this.#send(lot[0], abort.signal) : this.#sendLot(lot, abort.signal));
        }
        this.changed();
    }

    #told(item, sent) {
        this.sent += sent - item.sent;
        item.sent = sent;
        this.changed();
    }

    async #send(item, signal) {
        try {
            if (await send(item, item.group.rule, { signal, told: (sent) => this.#told(item, sent) }) === "skipped")
                this.#leave(item);
            else
                this.#done(item);
        } catch (error) {
            this.#failed(item, error);
        }
    }

    #done(item) {
        this.#told(item, item.size);
        this.#turn(item, "done");
        this.stored(item.store);
    }

    // What is refused together is sent one by one: so each is told for itself what is wrong with it.
    async #sendLot(lot, signal) {
        const sending = () => lot.filter((item) => item.state === "sending");
        try {
            await sendLot(lot, lot[0].group.rule, signal);
            sending().forEach((item) => this.#done(item));
        } catch (error) {
            const apart = error instanceof Refusal && !passes(error);
            for (const item of sending()) {
                item.alone = apart;
                if (apart)
                    this.#return(item);
                else
                    this.#failed(item, error);
            }
        }
    }

    #failed(item, error) {
        if (item.state !== "sending")
            return; // paused or dropped meanwhile
        if (error instanceof Taken)
            this.#hold(item);
        else if (error.name === "AbortError")
            this.#return(item);
        else if (passes(error)) {
            this.#return(item);
            this.#back ??= this.#whenBack();
        } else {
            item.error = error.message;
            this.#turn(item, "failed");
        }
    }

    // Until the server answers again. What browsers say of the network is a hint to try at once, and not the truth.
    async #whenBack() {
        for (let tries = 0; ; tries++) {
            await new Promise((resolve) => {
                const timer = setTimeout(resolve, WAITS[Math.min(tries, WAITS.length - 1)]);
                addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
            });
            if (await ask("GET", "healthz").then(() => true, () => false))
                break;
        }
        this.#back = null;
        this.changed();
    }

    async #hold(item) {
        const { group } = item;
        this.#turn(item, "asking");
        group.held.push(item);
        if (group.asked)
            return group.rule !== null && this.#release(group);
        group.asked = true;
        group.rule = await this.decide(item) ?? "skip";
        return this.#release(group);
    }

    #release(group) {
        for (const item of group.held.splice(0))
            if (item.state === "asking")
                this.#return(item);
        this.#work();
    }
}
