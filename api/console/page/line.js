// line.js - a line of items, each of which has its turn, and may come again: then it goes in front.

export class Line {
    #next = 0; // up to here they have had their turn
    #again = [];
    items = [];

    add(items) {
        for (const item of items)
            this.items.push(item);
    }

    get isEmpty() {
        return this.#again.length === 0 && this.#next === this.items.length;
    }

    // It waits again. One that has not had its turn yet stands in the line still.
    again(item) {
        if (item.taken)
            this.#again.push(item);
    }

    // The next one that waits, if it fits; those that do not wait any more are passed over.
    take(fits = () => true) {
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

    // Only these stay.
    keep(stays) {
        const left = this.items.filter(stays);
        this.items = [...left.filter((item) => item.taken), ...left.filter((item) => !item.taken)];
        this.#next = left.filter((item) => item.taken).length;
    }
}
