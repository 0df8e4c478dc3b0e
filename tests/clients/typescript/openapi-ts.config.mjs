// For hey-api. The clients are modules of Node, whose imports name files.
export default { output: { path: "hey_api", module: { extension: ".js" } } };
