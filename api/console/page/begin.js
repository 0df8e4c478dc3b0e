// begin.js - what is painted first waits for no script. Then all modules are asked for at once, and not one after the
// other as they name each other: the build leaves their names in a template. It puts this script into the page, whose
// policy lets in no other one that stands in a page, and whatever this one loads (cmake/console.cmake).

const LATEST = 1000; // milliseconds: a browser that tells of no paint, or a tab that nobody looks at, waits no longer

// The policy of the page lets no text become the address of a script: but this one, and the courier's (delivery.js).
const address = () => self.trustedTypes?.createPolicy("begin", { createScriptURL: () => "main.js" })
    .createScriptURL("") ?? "main.js";

let begun = false;

function begin() {
    if (begun)
        return;
    begun = true;
    for (const link of document.querySelector("#modules")?.content.children ?? [])
        document.head.append(Object.assign(document.createElement("link"),
            { rel: "modulepreload", href: link.getAttribute("href") }));
    const main = document.createElement("script");
    document.head.append(Object.assign(main, { type: "module", src: address() }));
}

if (document.hidden || !PerformanceObserver.supportedEntryTypes.includes("paint"))
    begin();
new PerformanceObserver(begin).observe({ type: "paint", buffered: true });
setTimeout(begin, LATEST);
