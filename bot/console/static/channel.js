// The preview of one channel: which of its last questions move while the threshold slides.
// Everything is here already; nothing is asked of the server.

const sliding = document.getElementById("sliding");

if (sliding !== null) {
  const slider = document.getElementById("t");
  const now = Number(sliding.dataset.now);
  const silent = sliding.dataset.silent.split(" ");
  const means = sliding.dataset.means.split("|");
  const rows = [...document.querySelectorAll("#moving > li")].map((item) => ({
    item,
    best: Number(item.dataset.best),
    gains: item.querySelector("[data-gains]"),
    loses: item.querySelector("[data-loses]"),
  }));
  // Questions that were asked privately count here and have no row.
  const moved = sliding.dataset.moves.split(" ");

  const filled = (template, values) =>
    template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  const show = () => {
    // A place among the hundredths; never the slider's own number, whose last digits are the browser's.
    const place = Math.round(Number(slider.value) * 100);
    const step = (place / 100).toFixed(2);
    const after = Number(step);
    const line = filled(sliding.dataset.line, {
      threshold: step, silent: silent[place], count: sliding.dataset.count, mean: means[place],
    });
    document.getElementById("t-value").textContent = step;
    document.getElementById("effect").textContent = line;
    slider.setAttribute("aria-valuetext", line);
    for (const row of rows) {
      const moves = Math.min(now, after) <= row.best && row.best < Math.max(now, after);
      row.item.hidden = !moves;
      row.gains.hidden = !(moves && after < now);
      row.loses.hidden = !(moves && after > now);
    }
    document.getElementById("moved").textContent = filled(sliding.dataset.moved, { count: moved[place] });
    for (const field of document.querySelectorAll("[data-step]")) {
      field.value = step;
    }
    for (const text of document.querySelectorAll("[data-step-text]")) {
      text.textContent = step;
    }
  };

  slider.addEventListener("input", show);
  window.addEventListener("pageshow", show);
}
