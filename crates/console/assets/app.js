// Pages, live: follows the stream, swaps in place, and gives every decision a key.
const board = body.classList.contains("board");
// Which events of the stream a page hears, and the names of which one must be in them; a page without is not live.
const hears = body.dataset.hears?.split(" "), about = body.dataset.about?.split(" ");
// After how many seconds a page looks again by itself, where what it shows goes on without an event.
const every = Number(body.dataset.every);
let lastWord = base;

// A form in which somebody is writing stays, though it is no longer offered: what is sent then is answered in words.
const written = (el) => el.nodeType === 1 && [el, ...$$(".act", el)].some((act) => act.matches(".act[open]") && $$("input:not([type=hidden]), textarea", act).some((i) => i === document.activeElement || (i.type === "radio" ? i.checked : i.value !== i.defaultValue)));
// Makes `a` equal to `b`, touching only what differs: focus, scroll, open forms and what is typed stay.
function morph(a, b) {
  if (a.isEqualNode(b)) return;
  if (a.nodeType !== 1 || a.nodeName !== b.nodeName || a.id !== b.id) { a.replaceWith(b.cloneNode(true)); return; }
  for (const { name } of [...a.attributes]) if (!b.hasAttribute(name) && name !== "open") a.removeAttribute(name);
  for (const { name, value } of b.attributes) if (a.getAttribute(name) !== value && !(name === "open")) a.setAttribute(name, value);
  if (a.matches("input:not([type=hidden]), textarea, select")) return;
  const kept = new Map([...a.children].filter((c) => c.id).map((c) => [c.id, c])), wanted = new Set([...b.children].map((c) => c.id)), placed = new Map();
  const stays = (c) => sameCase && written(c);
  // What is gone goes first, so that what stays need not move: a form that moves loses the word that is half typed in it.
  for (const [id, c] of kept) if (!b.ownerDocument.getElementById(id) && !stays(c)) c.remove();
  let at = a.firstChild;
  for (const want of [...b.childNodes]) {
    while (at?.id && !wanted.has(at.id)) at = at.nextSibling;
    const same = want.id ? kept.get(want.id) || (sameCase && document.getElementById(want.id)) : at && !at.id && at.nodeName === want.nodeName ? at : null;
    if (!same) { const made = want.cloneNode(true); if (want.id && made.classList) made.classList.add("new"); a.insertBefore(made, at); placed.set(made, null); continue; }
    if (same === at) at = at.nextSibling; else a.insertBefore(same, at);
    placed.set(same, want);
  }
  for (const [same, want] of placed) if (same.nodeType === 1) want && morph(same, want); else if (want && same.data !== want.data) same.data = want.data;
  for (const c of [...a.childNodes]) if (!placed.has(c) && !stays(c)) c.remove();
}

let sameCase = true, busy = false, again = false, known = new Set($$("#queue .card").map((c) => c.dataset.case));
async function refresh() {
  if (!hears) return;
  if (busy) { again = true; return; }
  busy = true;
  try {
    const params = new URLSearchParams(location.search), shown = $(".pane .head");
    if (!params.has("case") && shown) params.set("keep", shown.id.slice(5));
    const answer = await fetch(board ? `/fragment/board?${params}` : location.pathname + location.search, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    base = Number(page.body.dataset.now); read = Date.now(); lastWord = base;
    const box = $("#queue") || document.scrollingElement, rows = "#queue .card, tr[id], .letter", focused = document.activeElement;
    const anchor = $$(rows).find((r) => r.matches(":hover")) || focused.closest(rows) || $("#queue .card[aria-current]");
    const marked = getSelection(), [from, at, to, until] = marked.isCollapsed ? [] : [marked.anchorNode, marked.anchorOffset, marked.focusNode, marked.focusOffset];
    sameCase = $(".head")?.id === $(".head", page)?.id;
    const before = anchor?.getBoundingClientRect().top;
    for (const part of $$("[data-part]", page)) { const old = document.getElementById(part.id); if (old) morph(old, part); }
    if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    const holds = (node, n) => node?.isConnected && n <= (node.data ?? node.childNodes).length;
    if (holds(from, at) && holds(to, until)) marked.setBaseAndExtent(from, at, to, until);
    if (anchor?.isConnected) box.scrollTop += anchor.getBoundingClientRect().top - before;
    document.title = page.title;
    tick(); announce();
  } catch { cut(true); } finally { busy = false; if (again) { again = false; setTimeout(refresh, 300); } }
}
function announce() {
  if (!board) { const last = $(".entries tr:last-child td:nth-child(3)"), said = last?.textContent.trim(); if (said && said !== news) say($("#polite"), said); news = said; return; }
  const cards = $$("#queue .card"), fresh = cards.filter((c) => !known.has(c.dataset.case));
  known = new Set(cards.map((c) => c.dataset.case));
  if (!fresh.length) return;
  const urgent = fresh.filter((c) => c.dataset.sev >= 4), text = (c) => `${$(".what", c).textContent}${zh ? "。" : ". "}${$(".why", c).textContent}`;
  if (urgent.length) { say($("#urgent"), urgent.map(text).join(" ")); beep(); } else say($("#polite"), fresh.map(text).join(" "));
}

let news = $(".entries tr:last-child td:nth-child(3)")?.textContent.trim();

const live = $("#live");
function cut(is) {
  if (!live) return;
  live.className = is ? "live cut" : "live on";
  say(live, is ? `${live.dataset.cut} ${clock(lastWord)}` : live.dataset.live);
}
let soon = 0, heard = Date.now();
function follow() {
  const stream = new EventSource("/api/v1/stream");
  const word = () => { heard = Date.now(); lastWord = now(); };
  stream.onopen = () => { word(); cut(false); refresh(); };
  stream.onerror = () => { cut(true); if (stream.readyState === 2) { clearInterval(watch); setTimeout(follow, 3000); } };
  const concerns = (e) => e.type === "resync" || (hears.includes(e.type) && (!about || about.some((name) => e.data.includes(`"${name}"`))));
  for (const name of ["case", "condition", "seat", "notice", "dead_letter", "resync", "alive"]) stream.addEventListener(name, (e) => {
    word(); cut(false);
    if (concerns(e) && !soon) soon = setTimeout(() => { soon = 0; refresh(); }, 200);
  });
  const watch = setInterval(() => { if (Date.now() - heard > 40000) { cut(true); stream.close(); clearInterval(watch); heard = Date.now(); follow(); } }, 5000);
}

let mutedUntil = Number(localStorage.getItem("muster.muted") || 0), audio;
const sound = $("#sound"), muted = () => mutedUntil > Date.now();
function drawSound() { if (sound) { sound.hidden = false; sound.classList.toggle("muted", muted()); sound.setAttribute("aria-pressed", String(muted())); say(sound, muted() ? `${sound.dataset.off} ${Math.ceil((mutedUntil - Date.now()) / 60000)}′` : sound.dataset.on); } }
function beep() {
  if (muted()) return;
  try {
    audio ||= new AudioContext();
    [0, 0.22].forEach((at) => { const o = audio.createOscillator(), g = audio.createGain(); o.frequency.value = 880; g.gain.setValueAtTime(0.12, audio.currentTime + at); g.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.18); o.connect(g).connect(audio.destination); o.start(audio.currentTime + at); o.stop(audio.currentTime + at + 0.2); });
  } catch { /* no sound here; the words are there */ }
}
sound?.addEventListener("click", () => { mutedUntil = muted() ? 0 : Date.now() + 30 * 60000; localStorage.setItem("muster.muted", mutedUntil); drawSound(); });

const toast = $("#toast");
let held = null, hide = 0;
function show(text, bad, undo) {
  if (!toast) { if (bad) alert(text); return; }
  clearTimeout(hide); toast.replaceChildren(text); toast.classList.toggle("bad", !!bad); toast.hidden = false;
  if (undo) { const b = document.createElement("button"); b.textContent = toast.dataset.undo; b.onclick = undo; toast.append(b); } else hide = setTimeout(() => { toast.hidden = true; }, bad ? 9000 : 2500);
}
async function send(form, data, keepalive) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, keepalive, headers: { Accept: "application/problem+json" }, redirect: "manual" });
    if (answer.ok || answer.type === "opaqueredirect") { show(toast?.dataset.sent || "", false); form.reset(); for (let d = form; (d = d.parentElement?.closest("details"));) d.open = false; hears ? refresh() : location.reload(); return; }
    const why = await answer.json().catch(() => ({}));
    show(`${toast?.dataset.failed || ""}：${(why.words && why.words[body.dataset.lang]) || why.detail || why.title || answer.status}`, true);
  } catch { show(toast?.dataset.lost || "", true); }
}
function release() { if (!held) return; const { form, data, timer } = held; clearInterval(timer); held = null; send(form, data, true); }
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!form.matches(".acts form")) return;
  e.preventDefault(); release();
  const data = new URLSearchParams(new FormData(form, e.submitter)), label = (e.submitter || form).textContent.trim().replace(/\s+\S$/, "");
  if (!("ends" in form.dataset) || !toast) { send(form, data); return; }
  let rest = 10; // a decision that ends a case can be taken back until it is sent
  const draw = () => show(`${label} · ${rest} `, false, () => { clearInterval(held.timer); held = null; toast.hidden = true; });
  held = { form, data, timer: setInterval(() => { rest -= 1; if (rest <= 0) { toast.hidden = true; release(); } else draw(); }, 1000) };
  form.closest("details")?.removeAttribute("open"); draw();
});
addEventListener("pagehide", release);

function open(href, push = true) { if (push) history.pushState(null, "", href); body.classList.toggle("chosen", new URLSearchParams(location.search).has("case")); refresh().then(() => { $("#pane")?.scrollTo(0, 0); }); }
if (board) {
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a.card, a.mark, .backrow a");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault(); open(link.getAttribute("href"));
  });
  addEventListener("popstate", () => open("", false));
  $("#keys").hidden = false; $("#keys").onclick = () => $("#keymap").showModal();
  drawSound(); setInterval(drawSound, 20000);
}
if (hears) follow();
if (every) setInterval(() => document.hidden || refresh(), every * 1000);
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  const typing = e.target.closest?.("input, textarea, select");
  if (e.key === "Escape") { if (typing) typing.blur(); const opened = e.target.closest?.(".acts details[open]") || $(".acts details[open]"); if (opened) { opened.open = false; $("summary", opened).focus(); } else if (board && location.search) open("/"); else if (!board && $(".crumbs a")) location.href = $(".crumbs a").href; return; }
  if (typing || $("dialog[open]")) return;
  const cards = $$("#queue .card"), at = cards.findIndex((c) => c.hasAttribute("aria-current"));
  const go = (i) => { const c = cards[Math.max(0, Math.min(cards.length - 1, i))]; if (c) { c.focus({ preventScroll: true }); c.scrollIntoView({ block: "nearest" }); open(c.getAttribute("href")); } };
  if (e.key === "j") go(at + 1); else if (e.key === "k") go(at - 1);
  else if (e.key === "?" && $("#keymap")) $("#keymap").showModal();
  else if (e.key === "/") { const q = $("input[type=search]"); if (q) q.focus(); else location.href = "/cases#q"; e.preventDefault(); return; }
  else if (e.key === "m" && sound) sound.click();
  else if (e.key === "Enter" && board && (e.target === body || e.target.matches(".card[aria-current]"))) { const a = $(".head .line a"); if (a) location.href = a.href; }
  else {
    const act = $$(".acts [data-key]").find((el) => el.dataset.key === e.key.toLowerCase());
    if (!act) return;
    e.preventDefault();
    if (act.matches("form")) act.requestSubmit($("button", act));
    else { const more = act.closest(".more"); if (more && more !== act) more.open = true; act.open = !act.open; if (act.open) ($("input:not([type=hidden])", act) || $("summary", act)).focus(); }
    return;
  }
  e.preventDefault();
});
if (location.hash === "#q") $("input[type=search]")?.focus();
