// words.js - everything that the page says, in English: the one file to translate. What depends on a value is a
// function.

const rules = new Intl.PluralRules("en");
const number = new Intl.NumberFormat();
const plural = (count, one, other) => `${number.format(count)} ${rules.select(count) === "one" ? one : other}`;
const objects = (count) => plural(count, "object", "objects");
const entries = (count) => plural(count, "entry", "entries");
const files = (count) => plural(count, "file", "files");

export const words = {
    title: (view) => `${view} - cairn`,
    skip: "Skip to the content",
    views: { stores: "Stores", live: "Live", objects: "Objects", changes: "Changes" },
    dialog: { cancel: "Cancel", close: "Close" },
    notice: { close: "Dismiss this message" },

    server: {
        away: "The server cannot be reached. Is it running, and is there a network?",
        status: (status) => `The server answered with status ${status}.`,
    },

    session: {
        title: "This server asks for a token",
        text: "It is kept in this tab alone, and forgotten when the tab is closed. Whoever runs the server makes one " +
            "with: cairnd token add",
        token: "Token",
        submit: "Sign in",
        unknown: "The server does not know this token, or it has expired.",
        in: "Sign in",
        out: "Sign out",
    },

    stores: {
        columns: { name: "Store", objects: "Objects", size: "Size", dead: "Dead space", disk: "On disk" },
        count: (count, complete) => `${plural(count, "store", "stores")}${complete ? "" : " and more"}`,
        objects: (count) => number.format(count),
        of: (used, most) => `${used} of ${most}`,
        make: "New store",
        submit: "Make",
        name: "Name",
        nameHint: "1 to 63 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit.",
        malformed: "That is no name for a store: 1 to 63 of a-z, 0-9, dot, underscore and hyphen, beginning with a " +
            "letter or digit.",
        none: "There is no store yet. Make one.",
        noneForYou: "There is no store that this token lets you see.",
    },

    store: {
        views: (store) => `Views of ${store}`,
        removeButton: "Delete store",
        remove: (store) => `Delete the store ${store}?`,
        holds: (count, bytes) => `It holds ${objects(count)}, ${bytes}.`,
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
        selectShown: "Select the first thousand, or nothing",
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
        chosen: "What is selected",
        chosenCount: (count, bytes) => `${entries(count)} selected, ${bytes}`,
        copyChosen: "Copy to…",
        removeChosen: "Delete",
        clear: "Select nothing",
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
        gone: "There is no such object any more.",
        facts: { key: "Key", size: "Size", type: "Type", modified: "Modified", etag: "ETag", hash: "Key hash" },
    },

    move: {
        title: (name) => `Rename or move ${name}`,
        store: "Store",
        submit: "Move",
        done: (key) => `Moved to ${key}.`,
    },

    copy: {
        title: (name) => `Copy ${name}`,
        several: (count) => `Copy ${entries(count)}`,
        store: "To the store",
        prefix: "Into the folder",
        prefixHint: "What is in front of the keys there, mostly with a slash at its end; empty: the whole store.",
        submit: "Copy",
        progress: (done, all) => `${number.format(done)} of ${objects(all)}`,
        done: (key) => `Copied to ${key}.`,
        doneSeveral: (count) => `${objects(count)} copied.`,
    },

    remove: {
        one: (name) => `Delete ${name}?`,
        several: (count) => `Delete ${entries(count)}?`,
        oneBatch: "All of them go in one transaction, or none.",
        batches: "All that is in the folders goes, too. Up to 10,000 objects go in one transaction, or none of them.",
        forGood: "This cannot be undone.",
        submit: "Delete",
        progress: (done, all) => `${number.format(done)} of ${objects(all)}`,
        done: (count) => `${objects(count)} deleted.`,
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
        tooLarge: (most) => `This is more than the ${most} that the page shows from memory: download it.`,
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
        sending: (done, all) => `${number.format(done)} of ${files(all)} uploaded`,
        paused: (done, all) => `Paused: ${number.format(done)} of ${files(all)} uploaded`,
        unreadable: "This file cannot be read: it was removed or changed since it was chosen, or may not be opened. " +
            "Choose it again.",
        unknown: "The server does not know the token any more. Sign in, and it goes on.",
        away: "The server cannot be reached. It goes on by itself when it can.",
        ended: (done, skipped, failed) => [`${files(done)} uploaded`,
            skipped > 0 ? `${number.format(skipped)} skipped` : null,
            failed > 0 ? `${number.format(failed)} failed` : null].filter(Boolean).join(", "),
        states: {
            waiting: ({ size }) => size ? `Waiting, ${size}` : "Waiting",
            sending: ({ share, size }) => `${share} of ${size}`,
            asking: () => "There is one of that name",
            paused: ({ share, size }) => size ? `Paused at ${share} of ${size}` : "Paused",
            failed: ({ error }) => error,
            done: ({ size }) => `Uploaded, ${size}`,
            skipped: () => "Skipped",
        },
    },

    conflict: {
        title: (key) => `${key} is there already`,
        text: "What is to be done with this and all others of these files whose names are taken?",
        skip: "Skip them",
        both: "Keep both",
        replace: "Replace",
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
        nothing: "Nothing has happened since you look. What does is seen here at once.",
    },

    live: {
        titleOf: (store) => `Live: ${store}`,
        connecting: "Connecting…",
        connected: "The last 15 minutes, a value each second",
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
        text: (name) => `The beginning of ${name}`,
        more: "Show more",
    },
};
