// The times of a page, by the server's clock: what lasts and what is left tick once a second.
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const body = document.body, zh = body.dataset.lang === "zh", speed = Number(body.dataset.speed) || 1;
let base = Number(body.dataset.now), read = Date.now();
const now = () => base + (Date.now() - read) * speed, pad = (n) => String(n).padStart(2, "0");
const clock = (ms) => new Date(ms + Number(body.dataset.offset)).toISOString().slice(11, 19);

function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), u = zh ? ["天", "小时", "分", "秒"] : ["d", "h", "min", "s"];
  const two = (a, x, b, y) => (b ? `${a} ${x} ${b} ${y}` : `${a} ${x}`);
  if (s >= 86400) return two(Math.floor(s / 86400), u[0], Math.floor(s / 3600) % 24, u[1]);
  if (s >= 3600) return two(Math.floor(s / 3600), u[1], Math.floor(s / 60) % 60, u[2]);
  return s >= 60 ? two(Math.floor(s / 60), u[2], s % 60, u[3]) : `${s} ${u[3]}`;
}
function left(ms) {
  const t = Math.floor(ms / 1000), s = Math.abs(t), sign = t < 0 ? "−" : "";
  if (s >= 172800) return `${sign}${Math.floor(s / 86400)} ${zh ? "天" : "d"}`;
  return s >= 3600 ? `${sign}${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}` : `${sign}${pad(Math.floor(s / 60))}:${pad(s % 60)}`;
}
const say = (el, text) => { if (el.textContent !== text) el.textContent = text; };
function tick() {
  const t = now();
  for (const el of $$("[data-since]")) say(el, span(t - el.dataset.since));
  for (const el of $$("[data-due]")) { say(el, left(el.dataset.due - t)); el.classList.toggle("late", el.dataset.due < t); }
  for (const el of $$("[data-bar]")) { const [a, b] = el.dataset.bar.split(" ").map(Number); el.setAttribute("width", Math.min(100, Math.max(0, 100 * (t - a) / (b - a || 1)))); }
  const wall = $("#wall");
  if (wall) say(wall, clock(t));
}
tick(); setInterval(tick, 1000);
