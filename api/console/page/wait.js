// wait.js - a time that passes, unless it is called off.

export function wait(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const end = () => {
            clearTimeout(timer);
            reject(signal.reason);
        };
        const timer = setTimeout(() => {
            signal?.removeEventListener("abort", end);
            resolve();
        }, milliseconds);
        signal?.addEventListener("abort", end, { once: true });
    });
}
