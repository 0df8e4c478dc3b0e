// begin.js - what is painted first waits for no script. Then all modules are asked for at once, and not one after the
// other as they name each other: the build leaves their names in a template (cmake/console.cmake).

const LATEST = 1000; // milliseconds: a browser that tells of no paint, or a tab that nobody looks at, waits no longer

let begun = false;

function begin() {
    if (begun)
        return;
    begun = true;
    document.head.append(document.querySelector("#modules")?.content ?? "");
    import("./main.js");
}

if (document.hidden || !PerformanceObserver.supportedEntryTypes.includes("paint"))
    begin();
new PerformanceObserver(begin).observe({ type: "paint", buffered: true });
setTimeout(begin, LATEST);
