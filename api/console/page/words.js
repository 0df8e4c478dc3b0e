// words.js - everything that the page says, in English: the one file to translate. What depends on a value is a
// function.

const rules = new Intl.PluralRules("en");
const number = new Intl.NumberFormat();
const plural = (count, one, other) => `${number.format(count)} ${rules.select(count) === "one" ? one : other}`;
const objects = (count) => plural(count, "object", "objects");
const entries = (count) => plural(count, "entry", "entries");
const files = (count) => plural(count, "file", "files");
const NAMED = 3; // of several, when all are counted

const inStore = (store) => store === null ? "" : ` in the store ${store}`;

const misunderstood = "The server does not understand this page. Reload it: it may be of another version.";
const inTheLog = "Whoever runs the server finds the reason in its log.";
const storeName = "1 to 63 small letters a-z, digits, dots, underscores and hyphens, beginning with a letter or digit.";
const noStoreName = `That is no name for a store: ${storeName}`;
const noKey = "That is no key: one has 1 to 1,024 bytes.";
const unknownToken = "The server does not know this token, or it has expired.";
const noObject = "There is no such object any more.";

export const words = {
    title: (view) => `${view} - cairn`,
    skip: "Skip to the content",
    views: { stores: "Stores", live: "Live", objects: "Objects", changes: "Changes" },
    dialog: { cancel: "Cancel", close: "Close" },
    notice: {
        list: "Messages",
        close: "Dismiss this message",
        times: (count) => `${number.format(count)} times`,
    },
    fault: {
        detail: "What the server says",
        button: "What the server says of it",
        there: (host) => `Open it at ${host}`,
        unknown: "This did not work, and the browser does not tell why. What came may have broken off, or not be packed " +
            "as it says.",
    },

    server: {
        away: "The server cannot be reached. Is it running, and is there a network?",
        status: (status) => `The server answered with status ${status}.`,
        statuses: {
            307: "What stands in front of the server sends this page elsewhere. Reload it.",
            400: misunderstood,
            401: unknownToken,
            403: "This token may not do that here.",
            404: "There is no such thing any more.",
            409: "It is in use by somebody else, or another tab. Try again.",
            410: "There is no such thing any more.",
            412: "It was changed meanwhile. Look at it and try again.",
            413: "It is larger than the server takes.",
            416: "The object has become shorter meanwhile. Open it again.",
            429: "The server wants to be asked less often. Try again in a while.",
            502: "What stands in front of the server does not reach it just now.",
            503: "The server has too much to do just now. Try again in a moment.",
            504: "What stands in front of the server got no answer in time.",
            507: "There is no room for it. Deleting makes space.",
        },
    },

    // What the server may refuse, by the last part of its type.
    refusals: {
        "attributes-too-large": "What is kept with the object is too large.",
        "bad-body": misunderstood,
        "bad-header": misunderstood,
        "bad-key": noKey,
        "bad-parameter": misunderstood,
        "bad-request": misunderstood,
        "bad-store-name": noStoreName,
        "bad-uri": misunderstood,
        "busy": "The server has too much to do just now. Try again in a moment.",
        "changes-gone": "Not all that has happened since is known any more. What happens from now on is seen again.",
        "checksum-mismatch": "The bytes did not arrive as they were sent. Try again.",
        "cross-site": "The server takes no orders from this page. Open the console at the server's own address.",
        "damaged": `What is stored of it is damaged. ${inTheLog}`,
        "digest-mismatch": "The bytes did not arrive as they were sent. Try again.",
        "disk-full": "The disk of the server is full. Deleting makes space.",
        "draining": "The server is closing, or the store is. Try again in a moment.",
        "elsewhere": "Another server has this store just now.",
        "entry-refused": "One of them cannot be stored, so none is.",
        "expectation-failed": misunderstood,
        "forbidden": "This token may not do that here.",
        "hash-collision": "Several keys have this hash: open the object by its key.",
        "head-too-large": "The key or the token is too long for a request.",
        "internal": `The server could not do it. ${inTheLog}`,
        "length-required": misunderstood,
        "loading": "The server is starting, and opens its stores. Try again in a moment.",
        "method-not-allowed": misunderstood,
        "misdirected": "The server does not go by the name in the address of this page. Whoever runs it can allow it.",
        "no-link-key": "This server signs no links yet. Whoever runs it makes a key for them with: cairnd link-key add",
        "no-object": noObject,
        "no-resource": "This server does not offer that.",
        "no-store": "There is no such store any more.",
        "no-upload": "What was sent of this file is gone. Try again, and it is sent from the beginning.",
        "not-here": "Another server has the store just now. Try again in a moment.",
        "not-implemented": misunderstood,
        "not-ready": `The server is not well. ${inTheLog}`,
        "precondition-failed": "It was changed meanwhile. Look at it and try again.",
        "quota-exceeded": "The store would pass its limit. Delete something, or have the limit raised.",
        "range-not-satisfiable": "The object has become shorter meanwhile. Open it again.",
        "same-object": "That is the same object: choose another key or another store.",
        "size-mismatch": "The bytes did not arrive as they were sent. Try again.",
        "store-failed": `The store takes no writes. ${inTheLog}`,
        "store-not-empty": "The store still holds objects, or uploads that are under way.",
        "target-exists": "There is an object under that key already.",
        "target-too-long": "The key is too long for an address.",
        "too-large": "It is larger than the server takes.",
        "too-many-stores": "There are as many stores as there may be. Delete one, or have the number raised.",
        "too-many-uploads": "Too many uploads of this store are unfinished. Try again when some are done, or have expired.",
        "tus-version": misunderstood,
        "unauthorized": unknownToken,
        "unsupported-media-type": misunderstood,
        "upload-final": misunderstood,
        "upload-held": "Somebody else, or another tab, sends this file just now.",
        "upload-offset": "Somebody else, or another tab, has sent more of this file. Try again.",
        "upload-parts": misunderstood,
        "verification-running": "The store is being verified already.",
        "version-not-supported": misunderstood,
    },
    quota: ({ used, limit, added }) => `The store would pass its limit: it has ${used} of ${limit}, and this needs ` +
        `${added} more. Delete something, or have the limit raised.`,

    session: {
        title: "This server asks for a token",
        text: "It is kept in this tab alone, and forgotten when the tab is closed. Whoever runs the server makes one " +
            "with: cairnd token add",
        token: "Token",
        submit: "Sign in",
        unknown: unknownToken,
        in: "Sign in",
        out: "Sign out",
        leave: "Uploads are under way",
        leaveText: "Who signs out leaves them. A large file goes on when it is chosen again.",
    },

    stores: {
        columns: { name: "Store", objects: "Objects", size: "Size", dead: "Dead space", disk: "On disk" },
        count: (count, complete) => `${plural(count, "store", "stores")}${complete ? "" : " and more"}`,
        objects: (count) => number.format(count),
        of: (used, most) => `${used} of ${most}`,
        at: (host) => `at ${host}`,
        make: "New store",
        submit: "Make",
        name: "Name",
        nameHint: storeName,
        malformed: noStoreName,
        taken: (name) => `There is a store of the name ${name} already.`,
        notYours: (name) => `This token may make no store of the name ${name}.`,
        none: "There is no store yet. Make one.",
        noneForYou: "There is no store that this token lets you see.",
    },

    store: {
        views: (store) => `Views of ${store}`,
        removeButton: "Delete store",
        remove: (store) => `Delete the store ${store}?`,
        holds: (count, bytes, uploads, of) => `It holds ${objects(count)}, ${bytes}` +
            `${uploads > 0 ? `, and ${plural(uploads, "unfinished upload", "unfinished uploads")}, ${of}` : ""}.`,
        changed: (holds) => `Meanwhile it has changed. ${holds} Once more, and all of it is deleted.`,
        confirm: (store) => `Type ${store} to go on`,
        other: (store) => `That is not "${store}".`,
        removed: (store) => `The store ${store} is deleted.`,
    },

    limits: {
        button: "Limits",
        title: (store) => `Limits of ${store}`,
        text: "What would pass a limit is refused. A limit may be lower than what the store holds: then it may " +
            "only shrink.",
        bytes: "Bytes",
        bytesHint: "Such as 5 GiB or 20 MB; empty: no limit.",
        objects: "Objects",
        submit: "Set limits",
        malformed: (text) => `"${text}" is no limit: write a number such as 5000, for bytes also 5 GiB, or nothing.`,
        done: (store) => `The limits of ${store} are set.`,
    },

    browse: {
        path: "Folders above",
        top: "All",
        list: "Objects and folders",
        columns: { name: "Name", size: "Size", type: "Type", modified: "Modified" },
        select: (name) => `Select ${name}`,
        selectShown: "Select all, or nothing",
        folder: "Folder",
        folders: "Folders",
        loading: "Loading…",
        itself: "(the key of the folder itself)",
        unnamed: "(no name)",
        find: "Find by prefix",
        refresh: "Refresh",
        archive: "Download as tar",
        retry: "Try again",
        count: (count, complete) => `${entries(count)}${complete ? "" : " so far"}`,
        nothing: "This store is empty. Drop files here, or choose some.",
        nothingHere: "There is nothing in this folder.",
        nothingFound: "Nothing here begins like that.",
        tooLong: "No key begins like that: one has 1,024 bytes at most.",
        mayNotList: "This token may not list what is here. What has a known key can be reached by it.",
        mayNothing: "This token may do nothing with the objects here.",
        places: "This token lets you into these folders only.",
        toStores: "All stores",
        chosen: "What is selected",
        chosenCount: (count, bytes) => `${entries(count)} selected${bytes === null ? "" : `, ${bytes}`}`,
        copyChosen: "Copy to…",
        removeChosen: "Delete",
        clear: "Select nothing",
    },

    byKey: {
        form: "By key",
        key: "Key",
        open: "Open",
        upload: "Upload as this key",
        unreachable: "This token may neither read nor delete under that key.",
        unwritable: "This token may not write under that key.",
        dots: "A browser cannot ask for this key: only who may list finds its object.",
    },

    object: {
        panel: "Object",
        close: "Close the object",
        actions: "What to do with it",
        download: "Download",
        link: "Copy a link",
        curl: "Copy as curl",
        curlCopied: (token) => `The line of curl is copied.${token ? " It takes the token from the variable " +
            "CAIRN_TOKEN." : ""}`,
        byHand: "This browser lets no page copy here: copy it by hand",
        rename: "Rename or move",
        copy: "Copy to…",
        remove: "Delete",
        key: "Key",
        keyHint: "A byte that is no text is written \\xNN, a backslash \\\\.",
        overwrite: "Replace what is there",
        gone: noObject,
        noKey,
        facts: { key: "Key", size: "Size", type: "Type", modified: "Modified", etag: "ETag", hash: "Key hash" },
    },

    choice: {
        none: "Choose a store.",
        closed: (store) => `This token may write nothing in the store ${store}.`,
        within: (store, prefixes) => `In the store ${store} this token may write only what begins with ` +
            `${new Intl.ListFormat("en", { type: "disjunction" }).format(prefixes)}.`,
    },

    combobox: {
        list: "What may be meant",
        more: (shown, found, complete) => [found === 0 && complete ? "There is none of that name." : null,
            shown < found ? `${number.format(shown)} of ${number.format(found)}: type some of the name.` : null,
            complete ? null : "There are more to come."].filter(Boolean).join(" "),
    },

    move: {
        title: (name) => `Rename or move ${name}`,
        store: "Store",
        submit: "Move",
        done: (key, store) => `Moved to ${key}${inStore(store)}.`,
    },

    copy: {
        title: (name) => `Copy ${name}`,
        several: (count) => `Copy ${entries(count)}`,
        store: "To the store",
        prefix: "Into the folder",
        prefixHint: "Empty: the top of the store.",
        submit: "Copy",
        progress: (done, all) => `${number.format(done)} of ${objects(all)}`,
        taken: "What is to be done with this and all others of these objects whose keys are taken?",
        fault: (key) => `${key} is not copied`,
        noKey: (key) => `${key} would have no key there: one has 1 to 1,024 bytes.`,
        stop: "Stop",
        leaveOut: "Leave it out",
        done: (key, store) => `Copied to ${key}${inStore(store)}.`,
        ended: (done, skipped, folder, store) => `${objects(done)} copied to ${folder || "the top"}` +
            `${inStore(store)}${skipped > 0 ? `, ${number.format(skipped)} left out` : ""}.`,
        stopped: (done, all) => `Stopped: ${number.format(done)} of ${objects(all)} copied.`,
    },

    remove: {
        one: (name) => `Delete ${name}?`,
        several: (count) => `Delete ${entries(count)}?`,
        oneBatch: "All of them go in one transaction, or none. What is put anew meanwhile stays.",
        batches: "All that is in the folders goes, too. Up to 10,000 objects go in one transaction, or none of them.",
        forGood: "This cannot be undone.",
        submit: "Delete",
        progress: (done, all) => `${number.format(done)} of ${objects(all)}`,
        done: (count) => `${objects(count)} deleted.`,
        stopped: (done, all) => `Stopped: ${number.format(done)} of ${objects(all)} deleted.`,
        tooMany: "The server takes fewer of them in one transaction. Delete them once more, and they go in several.",
        ended: (count, whole, stay) => [whole ? `${objects(count)} deleted.` : null,
            !whole && stay.length === 0 ? "All of them are gone, and some were before." : null,
            !whole && stay.length > 0 ? "All others are gone, and some were before." : null,
            stay.length > 0 ? `${objects(stay.length)} put anew meanwhile ${stay.length === 1 ? "stays" : "stay"}: ` +
                `${stay.slice(0, NAMED).join(", ")}${stay.length > NAMED ? ", …" : "."}` : null]
            .filter(Boolean).join(" "),
    },

    link: {
        title: (name) => `A link to ${name}`,
        text: "Whoever has the link gets the object, without a token, until it ends.",
        span: "It is good for",
        spans: { 3600: "an hour", 86400: "a day", 604800: "a week", 2592000: "30 days" },
        make: "Make and copy",
        copied: (until) => `The link is copied. It ends ${until}.`,
    },

    download: {
        nameless: "object",
        dots: ["dot", "dot-dot"],
        tooLarge: (most) => `This is more than the ${most} that the page shows from memory: download it.`,
        tooMuch: (most) => `This is more than the ${most} that a page may hold. Open the console by https, which ` +
            "saves any size, or use curl.",
    },

    upload: {
        title: "Uploads",
        files: "Upload files",
        folder: "Upload a folder",
        list: "Files",
        progress: "Progress of all",
        pauseAll: "Pause all",
        resumeAll: "Go on",
        retryAll: "Retry what failed",
        clear: "Clear what is done",
        fold: "Hide",
        unfold: "Show",
        pause: "Pause",
        resume: "Go on",
        retry: "Try again",
        drop: "Do not upload",
        figures: (sent, all, more, pace) => `${sent} of ${more ? "more than " : ""}${all}${pace ? `, ${pace}/s` : ""}`,
        looking: "Looking for files in what was dropped…",
        asks: (title) => `${title}. What is to be done is asked among the uploads.`,
        sending: (done, all) => `${number.format(done)} of ${files(all)} uploaded`,
        paused: (done, all) => `Paused: ${number.format(done)} of ${files(all)} uploaded`,
        unreadable: "This file cannot be read: it was removed or changed since it was chosen, or may not be opened. " +
            "Choose it again.",
        unreadableFolder: "This folder cannot be read: it was removed, or may not be opened. What is in it is left out.",
        nameless: "This cannot be read: its name is no text of UTF-8, and the browser does not tell it. Rename it, and " +
            "drop it again.",
        twofold: (path) => `The browser tells two of these files by the same name, ${path}: it makes slashes of the ` +
            "backslashes in the names of folders. Drop the folder, and all come by their own.",
        nothing: "There is no file in what was dropped: nothing is uploaded.",
        unknown: "The server does not know the token any more. Sign in, and it goes on.",
        away: "The server cannot be reached. It goes on by itself when it can.",
        later: (time) => `The server wants to be asked later. It goes on by itself at ${time}.`,
        ended: (done, skipped, failed, paused) => [`${files(done)} uploaded`,
            paused > 0 ? `${number.format(paused)} paused` : null,
            skipped > 0 ? `${number.format(skipped)} skipped` : null,
            failed > 0 ? `${number.format(failed)} failed` : null].filter(Boolean).join(", "),
        states: {
            waiting: ({ size }) => size ? `Waiting, ${size}` : "Waiting",
            sending: ({ share, size }) => `${share} of ${size}`,
            asking: ({ store }) => `There is one of that name${inStore(store)}`,
            paused: ({ share, size }) => size ? `Paused at ${share} of ${size}` : "Paused",
            failed: ({ error }) => error,
            done: ({ size }) => `Uploaded, ${size}`,
            skipped: ({ late }) => late ? "Skipped, but it may have arrived already" : "Skipped",
        },
    },

    conflict: {
        title: (key, store = null) => `${key} is there already${inStore(store)}`,
        text: "What is to be done with this and all others of these files whose names are taken?",
        skip: "Skip them",
        both: "Keep both",
        replace: "Replace",
        undecided: "There is one of that name, and nothing is decided. Try again to be asked once more.",
    },

    feed: {
        title: (store) => `Changes of ${store}`,
        list: "Changes, the newest first",
        columns: { op: "What", name: "Key", size: "Size", time: "Time" },
        ops: { put: "Put", delete: "Deleted" },
        hold: "Hold",
        goOn: "Go on",
        held: (count) => `Held: ${plural(count, "change", "changes")} since`,
        seen: (count) => `${plural(count, "change", "changes")} since you look`,
        connecting: "Connecting…",
        below: "Below the folder",
        nothing: "Nothing has happened since you look. What does is seen here at once.",
    },

    live: {
        titleOf: (store) => `Live: ${store}`,
        connecting: "Connecting…",
        connected: "The last 15 minutes, a value each second",
        ofAll: "The disk, its reserve and the time of syncs are told of all stores together.",
        toAll: "They are in the plots of the server.",
        plots: {
            requests: "Requests a second",
            traffic: "Bytes a second",
            latency: "Time of an answer",
            refusals: "Refused and failed a second",
            commits: "Commits and writes a second",
            commitSize: "Size of a commit",
            sync: "Time of a sync",
            disk: "Disk",
            connections: "Connections",
            memory: "Memory",
            space: "Bytes of the store",
            objects: "Objects",
            flight: "Writes in flight",
        },
        series: {
            reads: "read", writes: "write", deletes: "delete", others: "other",
            bytes_out: "sent", bytes_in: "received",
            p50_us: "median", p99_us: "99 %",
            refused: "refused (4xx)", errors: "failed (5xx)",
            commits: "commits", records: "writes",
            commit_bytes: "mean",
            sync_p50_us: "median", sync_p99_us: "99 %",
            disk_used: "used", reserve: "reserve",
            connections: "open", memory: "resident",
            live_bytes: "objects", dead_bytes: "dead", disk_bytes: "on disk",
            objects: "objects", writes_in_flight: "in flight",
        },
    },

    plot: {
        none: "none",
    },

    preview: {
        none: "There is no preview of this type.",
        loading: "Loading…",
        broken: "The browser cannot show this.",
        forbidden: "This token may not read the object.",
        image: (name) => `Preview of ${name}`,
        pdf: (name) => `Preview of ${name}`,
        pdfMay: "A PDF may have scripts in it, and ask you for something as if this page did.",
        showPdf: "Show the PDF",
        text: (name) => `The beginning of ${name}`,
        more: "Show more",
    },
};
