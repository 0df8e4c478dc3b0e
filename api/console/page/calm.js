// calm.js - what comes by itself takes no key and no click that were meant for something else.

const WHILE = 500; // milliseconds

// Nothing can be done with these controls until nobody has pressed a key or a button for a while.
export function calm(controls) {
    const set = (disabled) => controls.forEach((control) => { control.disabled = disabled; });
    return new Promise((resolve) => {
        const abort = new AbortController();
        let timer;
        const end = () => {
            abort.abort();
            set(false);
            resolve();
        };
        const again = () => {
            clearTimeout(timer);
            timer = setTimeout(end, WHILE);
        };
        for (const name of ["keydown", "pointerdown"])
            addEventListener(name, again, { capture: true, signal: abort.signal });
        set(true);
        again();
    });
}

const timers = new WeakMap();

// Something else lay here until now: for a while no hand can press it.
export function rest(element) {
    clearTimeout(timers.get(element));
    element.classList.add("resting");
    timers.set(element, setTimeout(() => element.classList.remove("resting"), WHILE));
}
