// queue.js - files on their way, tens of thousands of them: a few at a time, each until it is done, skipped or has
// failed.
//
// When nobody answers, or the server wants to be asked later, all wait together, and go on by themselves: nothing has
// failed then.

import { Key } from "./key.js";
import { Line } from "./line.js";
import { LOT, Taken, Unreadable, leave, send, sendLot } from "./send.js";
import { Refusal, askJson, passes } from "./server.js";
import { Sizes } from "./sizes.js";
import { Elsewhere, whenAlone } from "./tus.js";
import { wait } from "./wait.js";

const AT_ONCE = 4; // of the six connections that a browser has: the page wants to go on
const MEASURED = 16; // sizes that are looked up for one lot, if they are not known yet
const WAITS = [500, 1000, 2000, 4000, 8000];

const waitAfter = (tries) => WAITS[Math.min(tries, WAITS.length - 1)];

const isHeld = ({ state }) => state === "asking";

// The files that came together. `rule` is what they do where a key is taken, once somebody has said it.
class Group {
    rule = null;
    held = []; // items that wait for the rule
    isAsking = false;
    isLeft = false; // nobody has said it: they are asked again when one of them is tried again
    again = null; // reads those of these entries anew that could not be read
}

export class Queue {
    #line = new Line();
    #workers = 0;
    #back = null; // while all wait: a promise of when they go on
    #hurry = null; // ends that wait
    #coming = 0; // groups that have not come to their end
    #refused = 0; // so often the server wanted to be asked later, since it has last taken something
    until = null; // when it is asked again, if it wanted that; milliseconds since 1970
    sizes = new Sizes(() => this.changed());
    counts = { waiting: 0, sending: 0, asking: 0, paused: 0, failed: 0, done: 0, skipped: 0 };
    sent = 0; // bytes of those that count
    paused = false;
    isUnknown = false; // paused until somebody signs in

    // decide(item) asks what to do where a key is taken, and answers undefined where that item is dropped before
    // somebody has said it; changed() comes whenever something has; stored(store) with each object that is there.
    constructor({ decide, changed, stored }) {
        Object.assign(this, { decide, changed, stored });
    }

    get items() {
        return this.#line.items;
    }

    // Nothing is known yet of what comes.
    get isLookedFor() {
        return this.#coming > 0 && this.items.length === 0;
    }

    get isAway() {
        return this.#back !== null && this.until === null;
    }

    get isBusy() {
        return this.#coming + this.counts.waiting + this.counts.sending + this.counts.asking > 0;
    }

    // Where somebody leaves the page something is not sent.
    get isUnfinished() {
        return this.isBusy || this.counts.paused > 0;
    }

    // Files that come together: add() takes more of them as they are found, until end() says that these are all.
    group(known = new Group()) {
        this.#coming++;
        this.changed();
        return known;
    }

    end() {
        this.#coming--;
        this.changed();
    }

    // files: [{ file, path: bytes }], which become objects below the prefix, or { entry, path, error } of what cannot be
    // read.
    add(group, { store, prefix }, files) {
        const items = files.map(({ path, entry, file, error = null }) => ({ file, entry, store, error, group,
            key: new Key(prefix + path), state: entry ? "failed" : "waiting", size: entry ? 0 : null, sent: 0,
            abort: null }));
        const readable = items.filter(({ entry }) => !entry);
        this.#line.add(items);
        this.sizes.add(readable);
        this.counts.waiting += readable.length;
        this.counts.failed += items.length - readable.length;
        this.#work();
    }

    // ---- what people do --------------------------------------------------------------------------

    pause() {
        this.paused = true;
        for (const item of this.items)
            if (item.state === "sending")
                item.abort.abort();
        this.changed();
    }

    // The server knows the token now; what was paused before stays so.
    known() {
        if (!this.isUnknown)
            return;
        this.isUnknown = false;
        this.paused = false;
        this.#work();
    }

    resume() {
        this.isUnknown = false;
        this.paused = false;
        this.#hurry?.abort();
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

    retry(items) {
        for (const item of items)
            if (!item.entry && (item.state === "failed" || item.state === "paused")) {
                item.group.isLeft = false;
                this.#return(item);
            }
        this.#readAgain(new Set(items.filter(({ entry, state }) => entry && state === "failed")));
        this.#work();
    }

    // What could not be read comes as what it is by now.
    #readAgain(items) {
        this.#line.keep((item) => !items.has(item));
        this.counts.failed -= items.size;
        for (const group of new Set([...items].map((item) => item.group)))
            group.again([...items].filter((item) => item.group === group).map(({ entry }) => entry));
    }

    // It is not sent, and what was of it is forgotten, as soon as nothing of it is on its way: that may be there already.
    drop(item) {
        item.late = item.state === "sending" || item.unsure;
        this.#leave(item);
        item.abort?.abort();
        if (!item.entry)
            Promise.resolve(item.ended).then(() => leave(item));
    }

    // It does not count any more.
    #leave(item) {
        this.sizes.leave(item);
        this.sent -= item.sent;
        this.#turn(item, "skipped");
    }

    // Those that are done or skipped leave the list.
    clear() {
        for (const item of this.items)
            if (item.state === "done") {
                this.sizes.leave(item);
                this.sent -= item.sent;
            }
        this.#line.keep((item) => item.state !== "done" && item.state !== "skipped");
        Object.assign(this.counts, { done: 0, skipped: 0 });
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
        this.#line.again(item);
    }

    // One file, or several small ones that may go together.
    #takeLot() {
        const first = this.#line.take();
        if (first === null || this.sizes.of(first) > LOT.each || first.alone)
            return first === null ? [] : [first];
        const lot = [first];
        let bytes = first.size, lookUps = MEASURED;
        const fits = (item) => {
            if (item.alone || item.group !== first.group || (item.size === null && lookUps-- === 0))
                return false;
            return this.sizes.of(item) <= LOT.each && bytes + item.size <= LOT.bytes;
        };
        for (let item; lot.length < LOT.files && (item = this.#line.take(fits)) !== null;) {
            lot.push(item);
            bytes += item.size;
        }
        return lot;
    }

    #work() {
        while (this.#workers < AT_ONCE && !this.paused && !this.#line.isEmpty) {
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
            await (lot.length === 1 ? lot[0].ended = this.#send(lot[0], abort.signal) :
                this.#sendLot(lot, abort.signal));
        }
        this.changed();
    }

    #told(item, sent) {
        this.sent += sent - item.sent;
        item.sent = sent;
        this.changed();
    }

    // Whether that sending of it is what still goes on: it may have been paused meanwhile, and begun anew.
    #isOn(item, signal) {
        return item.state === "sending" && item.abort.signal === signal;
    }

    async #send(item, signal) {
        try {
            const end = await send(item, item.group.rule, { signal, told: (sent) => this.#told(item, sent) });
            if (!this.#isOn(item, signal))
                return;
            if (end === "skipped")
                this.#leave(item);
            else
                this.#done(item);
        } catch (error) {
            if (this.#isOn(item, signal))
                this.#failed(item, error);
        }
    }

    #done(item) {
        this.#refused = 0;
        this.#told(item, item.size);
        this.#turn(item, "done");
        this.stored(item.store);
    }

    // What is refused together, or not to be read, is sent one by one: so each is told for itself what is wrong with it.
    async #sendLot(lot, signal) {
        const on = () => lot.filter((item) => this.#isOn(item, signal));
        try {
            await sendLot(lot, lot[0].group.rule, signal);
            on().forEach((item) => this.#done(item));
        } catch (error) {
            const apart = error instanceof Unreadable ||
                (error instanceof Refusal && error.status !== 401 && !passes(error));
            for (const item of on()) {
                item.alone = apart;
                if (apart)
                    this.#return(item);
                else
                    this.#failed(item, error);
            }
        }
    }

    #failed(item, error) {
        if (error instanceof Taken)
            this.#hold(item);
        else if (error.name === "AbortError")
            this.#return(item);
        else if (error instanceof Elsewhere)
            this.#stepAside(item);
        else if (passes(error)) {
            this.#return(item);
            this.#back ??= error instanceof Refusal ? this.#whenAsked(error) : this.#whenBack();
        } else if (error.status === 401) {
            this.#return(item);
            this.isUnknown = true;
            this.pause();
        } else {
            this.#fail(item, error);
        }
    }

    // Others have their turn until no other tab sends it.
    #stepAside(item) {
        this.#turn(item, "waiting");
        whenAlone(item, item.abort.signal).then(() => {
            this.#line.again(item);
            this.#work();
        }, () => {}); // it is paused or left out
    }

    #fail(item, error) {
        item.error = error;
        this.#turn(item, "failed");
    }

    // Until the server answers again. What browsers say of the network is a hint to try at once, and not the truth.
    async #whenBack() {
        for (let tries = 0; ; tries++) {
            const online = () => this.#hurry?.abort();
            addEventListener("online", online, { once: true });
            await this.#pass(waitAfter(tries));
            removeEventListener("online", online);
            if (await askJson("GET", "healthz").then(() => true, () => false)) // a network's page for signing in is none
                break;
        }
        this.#goOn();
    }

    // For as long as the server wants, and longer each time that it still has too much to do. Not all who wait come
    // back in the same moment.
    async #whenAsked({ wait: least }) {
        const time = Math.max(least, waitAfter(this.#refused++)) * (1 + Math.random() / 4);
        this.until = Date.now() + time;
        await this.#pass(time);
        this.#goOn();
    }

    // Somebody who resumes does not want to wait.
    #pass(time) {
        this.#hurry = new AbortController();
        this.changed();
        return wait(time, this.#hurry.signal).catch(() => {});
    }

    #goOn() {
        this.#back = this.#hurry = this.until = null;
        this.changed();
    }

    async #hold(item) {
        const { group } = item;
        this.#turn(item, "asking");
        group.held.push(item);
        if (group.isAsking)
            return;
        if (group.rule === null && !group.isLeft) {
            group.isAsking = true;
            group.rule = await this.#ask(group);
            group.isAsking = false;
            group.isLeft = group.rule === null && group.held.some(isHeld);
        }
        this.#release(group);
    }

    // Of one after the other of those that wait for it, as long as it is dropped.
    async #ask({ held }) {
        for (let about; (about = held.find(isHeld)) !== undefined;) {
            const rule = await this.decide(about);
            if (rule !== undefined)
                return rule;
        }
        return null;
    }

    #release(group) {
        for (const item of group.held.splice(0).filter(isHeld))
            if (group.rule === null)
                this.#fail(item, new Taken());
            else
                this.#return(item);
        this.#work();
    }
}
