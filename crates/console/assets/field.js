// The field page without signal: what is posted is kept on the device first, and sent when it can be.
const off = $("#off");
const here = `/f/${encodeURIComponent(body.dataset.token)}`;

// One store in IndexedDB, because photos are too large for anything smaller.
const db = new Promise((done, fail) => {
  const ask = indexedDB.open("muster-field", 1);
  ask.onupgradeneeded = () => ask.result.createObjectStore("waiting", { keyPath: "key" });
  ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
});
const store = async (mode, act) => { const t = (await db).transaction("waiting", mode), r = act(t.objectStore("waiting")); return new Promise((done, fail) => { t.oncomplete = () => done(r?.result); t.onerror = () => fail(t.error); t.onabort = () => fail(t.error); }); };
const waiting = async () => (await store("readonly", (s) => s.getAll())).filter((item) => item.to === here).sort((a, b) => a.at - b.at);

function show(count, words) {
  off.hidden = !count && !words;
  off.classList.toggle("bad", !!words);
  off.textContent = words ? `${off.dataset.refused}：${words}` : `${off.dataset.text}（${count} ${off.dataset.waiting}）`;
}

let sending = false;
async function flush() {
  if (sending) return;
  sending = true;
  let sent = 0, refused = "";
  try {
    for (const item of await waiting()) {
      const form = new FormData();
      for (const [name, value] of item.fields) form.append(name, value);
      const answer = await fetch(item.to, { method: "POST", body: form, headers: { Accept: "application/problem+json", "Idempotency-Key": item.key }, redirect: "manual" });
      if (answer.ok || answer.type === "opaqueredirect") sent += 1;
      else if (answer.status >= 500 || answer.status === 429 || answer.status === 408) break; // may heal
      else { const why = await answer.json().catch(() => ({})); refused = (why.words && why.words[zh ? "zh" : "en"]) || why.detail || why.title || String(answer.status); }
      await store("readwrite", (s) => s.delete(item.key));
    }
  } catch { /* no signal: it stays */ }
  sending = false;
  const rest = (await waiting()).length;
  if (refused) { show(rest, refused); setTimeout(() => location.reload(), 4000); } else if (sent && !rest) location.reload(); else show(rest);
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
  const form = e.target;
  if (!("queue" in form.dataset)) return;
  e.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  const fields = [];
  for (const [name, value] of new FormData(form)) {
    if (value instanceof File) { if (value.size) fields.push([name, await smaller(value)]); } else if (value) fields.push([name, value]);
  }
  const at = Date.now();
  fields.push(["done_at", new Date(now()).toISOString()]);
  try {
    await store("readwrite", (s) => s.put({ key: crypto.randomUUID?.() || `${at}-${Math.random()}`, to: here, at, fields }));
    await flush();
    button.disabled = false;
  } catch { form.submit(); } // nowhere to keep it: send it the plain way
});
for (const input of $$(".photo input")) input.addEventListener("change", () => { input.parentElement.classList.toggle("has", input.files.length > 0); if (input.files[0]) input.previousElementSibling.textContent = `✓ ${input.files[0].name.slice(0, 24)}`; });

addEventListener("online", flush); document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
setInterval(flush, 20000); flush();
