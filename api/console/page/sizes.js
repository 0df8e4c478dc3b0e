// sizes.js - the sizes of files. To ask a file for its size makes browsers look at the disk, for a millisecond each. So
// of ten thousand it is asked in between, when there is nothing else to do, and at the latest when it is needed.

const SPARE = 2; // milliseconds of an idle moment that are left alone

// Where a browser does not tell when it is idle, it is so for some milliseconds now and then.
const whenIdle = self.requestIdleCallback ?? ((call) => setTimeout(() => {
    const end = performance.now() + 10;
    call({ timeRemaining: () => end - performance.now() });
}, 20));

export class Sizes {
    #waiting = []; // items whose size is not known, or was asked for meanwhile
    bytes = 0; // of all that are known
    unknown = 0;

    constructor(changed) {
        this.changed = changed;
    }

    add(items) {
        const idle = this.#waiting.length === 0;
        this.unknown += items.length;
        for (const item of items)
            this.#waiting.push(item);
        if (idle && items.length > 0)
            this.#lookUp();
    }

    of(item) {
        if (item.size === null) {
            item.size = item.file.size;
            this.bytes += item.size;
            this.unknown--;
        }
        return item.size;
    }

    // It does not count any more.
    leave(item) {
        this.bytes -= this.of(item);
    }

    #lookUp() {
        whenIdle((deadline) => {
            while (this.#waiting.length > 0 && deadline.timeRemaining() > SPARE)
                this.of(this.#waiting.pop());
            this.changed();
            if (this.#waiting.length > 0)
                this.#lookUp();
        });
    }
}
