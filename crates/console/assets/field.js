// The field page without signal: what is tapped is kept on the device first, and sent in its order when it can be.
const off = $("#off"), told = off.dataset, steps = ["accept", "arrived", "done"];
const here = `/f/${encodeURIComponent(body.dataset.token)}`;

// One store in IndexedDB, because photos are too large for anything smaller.
const db = new Promise((done, fail) => {
  const ask = indexedDB.open("muster-field", 1);
  ask.onupgradeneeded = () => ask.result.createObjectStore("waiting", { keyPath: "key" });
  ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
});
const store = async (mode, act) => { const t = (await db).transaction("waiting", mode), r = act(t.objectStore("waiting")); return new Promise((done, fail) => { t.oncomplete = () => done(r?.result); t.onabort = () => fail(t.error); }); };
// What was tapped on this page, in its order. What was sent stays until a page has come that knows of it.
const tapped = async () => (await store("readonly", (s) => s.getAll()).catch(() => [])).filter((item) => item.to === here).sort((a, b) => a.at - b.at);
const field = (item, name) => item.fields.find(([known]) => known === name)?.[1];
const command = (item) => field(item, "command");
const minute = (ms) => clock(ms).slice(0, 5), done_at = (item) => minute(Date.parse(field(item, "done_at")));
function named(item) {
  const also = ["photo", "note"].filter((name) => name !== command(item) && field(item, name)).map((name) => told[name]);
  const list = also.join(zh ? "、" : ", ");
  return `${told[command(item)]} ${done_at(item)}${list && (zh ? `（${list}）` : ` (${list})`)}`;
}

// What the server said, and on top of it what was tapped since.
let refused = [], stale = "kept" in body.dataset, seen = base;
if (stale) { read = Number(body.dataset.kept); tick(); } // since then the server's clock went on
async function draw() {
  const items = await tapped(), of = (step) => items.find((item) => command(item) === step), colon = zh ? "：" : ": ";
  const back = of("return"), last = Math.max(...items.map((item) => steps.indexOf(command(item))));
  const next = back ? null : $$("#foot [data-step]").find((form) => steps.indexOf(form.dataset.step) > last);
  for (const form of $$("#foot form")) form.hidden = !!back || (form.dataset.step ? form !== next : !!next);
  for (const li of $$(".steps [data-step]")) {
    const { step, state } = li.dataset, mine = of(step);
    li.className = mine && !mine.sent ? "waits" : steps.indexOf(step) <= last ? "done" : !next ? state : step === next.dataset.step ? "now" : state === "now" ? "todo" : state;
    if (li.className === "waits") li.dataset.waits = `${done_at(mine)} ${told.waiting}`;
    if (li.className === "now") li.setAttribute("aria-current", "step"); else li.removeAttribute("aria-current");
  }
  for (const part of $$("#return")) part.hidden = !!back || last === 2;
  for (const part of $$(".within")) part.hidden = !!back || last >= 0;
  if (items.some((item) => field(item, "name"))) for (const name of $$("[name=name]")) { name.disabled = true; name.parentElement.hidden = true; } // asked once
  const rest = items.filter((item) => !item.sent), lines = [];
  if (refused.length) lines.push(told.refused + colon + refused.join(zh ? "；" : "; "));
  if (rest.length) lines.push(told.text + colon + rest.map(named).join(zh ? "、" : ", "));
  if (stale) lines.push(`${told.stale} ${minute(seen)}`);
  off.hidden = !lines.length; off.classList.toggle("bad", refused.length > 0); say(off, lines.join("\n"));
}

const heals = (status) => status >= 500 || status === 429 || status === 408;
const within = (ms) => { const cut = new AbortController(); setTimeout(() => cut.abort(), ms); return cut.signal; };
async function send() {
  for (let item; (item = (await tapped()).find((one) => !one.sent)); ) {
    const form = new FormData();
    for (const [name, value] of item.fields) form.append(name, value);
    const answer = await fetch(here, { method: "POST", body: form, headers: { Accept: "application/problem+json", "Idempotency-Key": item.id }, redirect: "manual", signal: within(120000) });
    if (answer.ok || answer.type === "opaqueredirect") { await store("readwrite", (s) => s.put({ ...item, sent: true })); continue; }
    if (heals(answer.status)) return;
    const why = await answer.json().catch(() => ({}));
    refused.push(named(item) + (zh ? "，" : ", ") + ((why.words && why.words[zh ? "zh" : "en"]) || why.detail || why.title || answer.status));
    await store("readwrite", (s) => s.delete(item.key));
  }
}

const written = (part) => part.open || $$("input", part).some((i) => i === document.activeElement || (i.type === "radio" ? i.checked : i.type !== "hidden" && i.value !== i.defaultValue));
const mark = (input) => { const label = input.parentElement, words = input.previousElementSibling, [file] = input.files; label.dataset.text ??= words.textContent; label.classList.toggle("has", !!file); say(words, file ? `✓ ${file.name.slice(0, 24)}` : label.dataset.text); };
// Makes one part of the page as the server has it now; a form in which somebody writes stays where it is.
function merge(own, fresh) {
  const had = [...own.children].reverse();
  let after = null;
  for (const want of [...fresh.children].reverse()) {
    const at = had.findIndex((part) => (want.id ? part.id === want.id : part.isEqualNode(want))), old = at < 0 ? null : had.splice(at, 1)[0];
    if (old && want.id === "foot") merge(old, want);
    if (old && (!want.id || want.id === "foot" || written(old) || old.isEqualNode(want))) { after = old; continue; }
    own.insertBefore(want, after); old?.remove(); after = want;
  }
  for (const gone of had) { gone.remove(); carry(gone, own); }
}
// What was written or chosen in a form that is offered no more goes into the one that is.
function carry(gone, own) {
  for (const input of $$("input:not([type=hidden]):not([type=radio])", gone).filter((i) => i.value)) {
    const now = $(`form:not([hidden]) [name=${input.name}]`, own);
    if (now && !now.value) { if (input.type === "file") { now.files = input.files; mark(now); } else now.value = input.value; }
  }
}
async function reread() {
  const sent = (await tapped()).filter((item) => item.sent);
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: within(15000) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"), main = $("#main", page);
    stale = heals(answer.status) || !main || "kept" in page.body.dataset;
    if (!stale) {
      if (page.body.dataset.now) { base = Number(page.body.dataset.now); read = Date.now(); }
      seen = now();
      merge($("#main"), main); $(".top").replaceWith($(".top", page)); document.title = page.title;
      if (sent.length) await store("readwrite", (s) => sent.forEach((item) => s.delete(item.key)));
      tick();
    }
  } catch { stale = true; }
  await draw();
}

let busy = false, more = false;
async function look() {
  more = true;
  if (busy) return;
  for (busy = true; more; ) { more = false; await send().catch(() => { /* no signal: it stays */ }); await reread(); }
  busy = false;
}

// Photos of twelve megapixels help nobody on a thin line: 1,600 px on the long side are enough to see a lane.
async function smaller(file) {
  if (!file.size || !file.type.startsWith("image/")) return file;
  try {
    const image = await createImageBitmap(file), scale = Math.min(1, 1600 / Math.max(image.width, image.height)), canvas = document.createElement("canvas");
    canvas.width = image.width * scale; canvas.height = image.height * scale;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
    return blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch { return file; }
}

document.addEventListener("submit", async (e) => {
  const form = e.target, moment = new Date(now()).toISOString();
  if (!("queue" in form.dataset)) return;
  e.preventDefault();
  const button = $("button", form);
  if (button.disabled) return;
  button.disabled = true;
  const fields = [];
  for (const [name, value] of new FormData(form)) {
    if (value instanceof File) { if (value.size) fields.push([name, await smaller(value)]); } else if (value) fields.push([name, value]);
  }
  fields.push(["done_at", moment]);
  try {
    const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""), at = Math.max(Date.now(), ...(await tapped()).map((item) => item.at + 1));
    const item = { id, to: here, at, fields }, step = command(item);
    // A step is taken once: its key is the step, which this store holds once and refuses to take again.
    item.key = `${here} ${step === "return" || steps.includes(step) ? step : id}`;
    await store("readwrite", (s) => s.add(item)).catch((error) => { if (error.name !== "ConstraintError") throw error; });
  } catch { form.submit(); return; } // nowhere to keep it: send it the plain way
  form.reset(); $$("[type=file]", form).forEach(mark);
  button.disabled = false; refused = [];
  await draw(); look();
});
document.addEventListener("change", (e) => { if (e.target.type === "file") mark(e.target); });

addEventListener("online", look); document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(async () => { if (!document.hidden || (await tapped()).length) look(); }, 17000);
draw(); tapped().then((items) => { if (stale || items.length) look(); });
// From then on this page is kept; the first time by reading it once more, since it was here before its worker.
const worker = navigator.serviceWorker;
if (worker) { worker.register("/f/worker.js").catch(() => { /* not over plain HTTP: then a reload needs signal */ }); worker.addEventListener("controllerchange", look); }
