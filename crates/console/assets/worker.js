// The field page where there is no signal: the last page that the server gave for a link, with all it is drawn with.
const week = 7 * 86400000; // no longer than the server knows this device by its cookie
const kept = () => caches.open("muster-field");

addEventListener("install", () => skipWaiting());
addEventListener("activate", (e) => e.waitUntil(clients.claim()));
addEventListener("fetch", (e) => {
  const { origin, pathname } = new URL(e.request.url);
  if (e.request.method === "GET" && origin === location.origin && /^\/(f|assets)\//.test(pathname)) e.respondWith(answer(e, pathname));
});

async function answer(e, path) {
  const given = await fetch(e.request).catch(() => null);
  if (given && given.status < 500) { if (path.startsWith("/f/")) e.waitUntil(keep(path, given.clone())); return given; }
  return (await (await kept()).match(path)) || given || Response.error();
}

// A page is kept with its assets or not at all, and dropped as soon as the link is dead or another device's.
async function keep(path, page) {
  const store = await kept();
  if ([403, 404, 410].includes(page.status)) await store.delete(path);
  const text = page.ok ? await page.text() : "";
  if (text.includes("data-token=")) {
    for (const asset of assets(text)) if (!(await store.match(asset))) await store.add(asset);
    const headers = new Headers(page.headers);
    headers.delete("content-length");
    await store.put(path, new Response(text.replace("<body ", `<body data-kept="${Date.now()}" `), { headers }));
  }
  await tidy(store);
}

const assets = (text) => text.match(/\/assets\/[\w.]+/g) || [];

async function tidy(store) {
  const wanted = new Set(), paths = (await store.keys()).map((request) => new URL(request.url).pathname);
  for (const path of paths.filter((path) => path.startsWith("/f/"))) {
    const text = await (await store.match(path)).text(), at = /data-kept="(\d+)"/.exec(text);
    if (at && Date.now() - at[1] < week) assets(text).forEach((asset) => wanted.add(asset)); else await store.delete(path);
  }
  for (const path of paths) if (path.startsWith("/assets/") && !wanted.has(path)) await store.delete(path);
}
