// The servers of a test under Node.js, whose first argument is the binary.

import { spawn } from "node:child_process";

const [, , binary] = process.argv;
const running = new Set();

// A cairnd with these flags, once it is ready and has said where it listens. end() sends a signal and waits.
export function startCairnd(data, flags, environment = {}) {
    const child = spawn(binary, ["--data", data, "--drain-delay", "0", ...flags],
        { env: { ...process.env, ...environment } });
    const ended = new Promise((resolve) => child.on("exit", resolve)).then(() => running.delete(child));
    running.add(child);
    return new Promise((resolve, reject) => {
        let log = "";
        child.stderr.on("data", (bytes) => {
            log += bytes;
            const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log);
            if (found && log.includes("cairnd: ready"))
                resolve({ pid: child.pid, port: Number(found[1]), end: (signal) => child.kill(signal) && ended });
        });
        ended.then(() => reject(new Error(`cairnd ended: ${log}`)));
    });
}

// Those that are left, where a test breaks off.
export function killAll() {
    running.forEach((child) => child.kill("SIGKILL"));
}
