// Stands in for the modules `xterm`, `xterm-addon-fit`, `xterm-addon-search` and `xterm-addon-unicode11`, which
// our wasm imports statically: xterm.js itself (300 kB) is fetched when a page that shows a terminal asks.
//
// The exports are live bindings: undefined until `load()` has resolved, the real classes afterwards.
//
// Needs an import map with these names; each URL carries the hash of its file (`url("…")` of the server):
//   "xterm", "xterm-addon-fit", "xterm-addon-search", "xterm-addon-unicode11"  -> xterm-late.js
//   "@xterm/xterm"                                                             -> xterm/xterm.mjs
//   "@xterm/addon-fit"                                                         -> xterm/addon-fit.mjs
//   "@xterm/addon-search"                                                      -> xterm/addon-search.mjs
//   "@xterm/addon-unicode11"                                                   -> xterm/addon-unicode11.mjs

export let Terminal;
export let FitAddon;
export let SearchAddon;
export let Unicode11Addon;

let loading;

/** Fetches the terminal widget once, however often it is called. A failed fetch may be tried again. */
export function load() {
  loading ??= fetchAll().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function fetchAll() {
  const [xterm, fit, search, unicode11] = await Promise.all([
    import("@xterm/xterm"),
    import("@xterm/addon-fit"),
    import("@xterm/addon-search"),
    import("@xterm/addon-unicode11"),
  ]);
  Terminal = xterm.Terminal;
  FitAddon = fit.FitAddon;
  SearchAddon = search.SearchAddon;
  Unicode11Addon = unicode11.Unicode11Addon;
}
