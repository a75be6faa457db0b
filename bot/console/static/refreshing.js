// A refresh as it runs: asked for every two seconds, and the page loaded anew once it is over.

const box = document.getElementById("refreshing");
const EVERY_MS = 2000;
const numbers = new Intl.NumberFormat("en");

async function look() {
  const answer = await fetch(box.dataset.path, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    return;
  }
  const { running, done, total } = await answer.json();
  if (!running) {
    window.location.reload();
    return;
  }
  if (total > 0) {
    const bar = box.querySelector("progress");
    bar.max = total;
    bar.value = done;
    const line = box.dataset.line.replace("{done}", numbers.format(done)).replace("{total}", numbers.format(total));
    box.querySelector("span").textContent = line;
  }
}

if (box !== null) {
  // A look that fails is followed by the next one; the page stays as it is meanwhile.
  window.setInterval(() => look().catch(() => {}), EVERY_MS);
}
