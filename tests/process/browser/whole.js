(() => {
  const wrong = [], $$ = (s) => [...document.querySelectorAll(s)], shown = (e) => e.getClientRects().length > 0;
  const words = document.body.innerText;
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${innerWidth}`);
  for (const e of $$(".bar a, .bar button, .bar .count").filter(shown)) if (e.getBoundingClientRect().right > innerWidth && getComputedStyle(e.parentElement).overflowX === "visible") wrong.push(`cut off: ${e.textContent}`);
  if (document.querySelectorAll("main").length !== 1 || document.querySelectorAll("h1").length !== 1) wrong.push("one main and one h1");
  for (const raw of ["undefined", "NaN", "[object", "{{", "muster.", "application/", "“police”"]) if (words.includes(raw) && !$$("pre, .num, .letter").some((e) => e.innerText.includes(raw))) wrong.push(`raw: ${raw}`);
  for (const e of $$("input:not([type=hidden]), select, textarea")) if (!e.labels?.length && !e.getAttribute("aria-label")) wrong.push(`no label: ${e.name}`);
  for (const e of $$("a, button")) if (!e.textContent.trim() && !e.getAttribute("aria-label")) wrong.push(`no name: ${e.outerHTML.slice(0, 80)}`);
  for (const e of $$("time")) if (!e.dateTime || !e.title) wrong.push(`no instant: ${e.outerHTML.slice(0, 80)}`);
  const ids = $$("[id]").map((e) => e.id), twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length) wrong.push(`ids twice: ${twice}`);

  // Contrast of every text with the ground it stands on, and no text cut off without a sign.
  const numbers = (c) => c.match(/[\d.]+/g).map(Number), part = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0.99) return c; } return [255, 255, 255]; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (!text || e.closest("svg, script, noscript, .sr, .skip, dialog:not([open])") || !shown(e)) continue;
    const [a, b] = [light(numbers(getComputedStyle(e).color)), light(ground(e))], ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(1)}: ${text.slice(0, 20)}`);
  }

  // Names on the map do not cover one another, and every mark is in view.
  const box = document.querySelector(".mapbox")?.getBoundingClientRect();
  if (box) {
    for (const e of $$("svg.map .mark .shape").filter(shown)) { const r = e.getBoundingClientRect(); if (r.left < box.left || r.right > box.right || r.top < box.top || r.bottom > box.bottom) wrong.push(`out of view: ${e.closest(".mark").querySelector("title").textContent}`); }
    const names = $$("svg.map .name").filter(shown).map((e) => [e.textContent, e.getBoundingClientRect()]);
    names.forEach(([text, a], at) => names.slice(at + 1).forEach(([other, b]) => { if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) wrong.push(`covered: ${text} × ${other}`); }));
  }
  return { wrong, lang: document.documentElement.lang, dark: light(ground(document.body)) < 0.2, own: words.match(/[一-鿿]/g)?.length ?? 0 };
})()
