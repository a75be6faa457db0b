// The dial: shows and hides rows that are all here already. Nothing is asked of the server.
//
// A step is the string that the page came with; a row passes where its score, read from the
// digits that the engine wrote, is at or above the number of that string.

const heading = document.getElementById("count");
const first = document.getElementById("t");
const second = document.getElementById("u");
const compare = document.getElementById("compare");
const secondPart = document.getElementById("second");

const steps = (heading?.dataset.steps ?? "").split(" ");
const counts = (heading?.dataset.counts ?? "").split(" ").map(Number);
const rows = [...document.querySelectorAll("#matches > li")].map((item) => ({
  item,
  score: Number(item.dataset.score),
  between: item.querySelector(".between"),
}));
const numbers = new Intl.NumberFormat("en");
let most = Number(heading?.dataset.first ?? 50);

// The place on the scale; never the slider's own number, whose last digits are the browser's.
function place(slider) {
  return Math.round((Number(slider.value) - 0.1) / 0.05);
}

function label(slider) {
  return ((10 + 5 * place(slider)) / 100).toFixed(2);
}

function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function set(node, name, value) {
  if (node[name] !== value) {
    node[name] = value;
  }
}

function show() {
  const step = label(first);
  const other = compare.checked ? label(second) : null;
  document.getElementById("t-value").textContent = step;
  document.getElementById("u-value").textContent = other ?? "";
  secondPart.toggleAttribute("data-off", other === null);
  if (heading === null) {
    first.setAttribute("aria-valuetext", step);
    second.setAttribute("aria-valuetext", label(second));
    return;
  }
  const at = (text) => counts[steps.indexOf(text)];
  const count = at(step);
  const told = { count: numbers.format(count), total: numbers.format(Number(heading.dataset.total)), threshold: step };
  let line = filled(heading.dataset.one, told);
  if (other !== null) {
    line += ` ${filled(heading.dataset.two, { count: numbers.format(at(other)), threshold: other })}`;
  }
  heading.textContent = line;
  const slide = (text) => `${text}, ${filled(heading.dataset.slide, { count: numbers.format(at(text)) })}`;
  first.setAttribute("aria-valuetext", slide(step));
  second.setAttribute("aria-valuetext", slide(label(second)));
  draw(Number(step), other === null ? null : Number(other), count);
  for (const [index, bar] of [...document.querySelectorAll("#bars rect")].entries()) {
    bar.classList.toggle("now", steps[index] === step);
  }
  for (const field of document.querySelectorAll("[data-step]")) {
    field.value = step;
  }
  for (const text of document.querySelectorAll("[data-step-text]")) {
    text.textContent = step;
  }
  const rest = document.getElementById("rest");
  if (rest !== null) {
    rest.hidden = count <= rows.length;
    rest.href = rest.dataset.href + step;
  }
}

function draw(lower, other, count) {
  let passing = 0;
  for (const row of rows) {
    const passes = row.score >= lower;
    passing += passes ? 1 : 0;
    set(row.item, "hidden", !passes || passing > most);
    set(row.between, "hidden", other === null || !passes || row.score >= other);
  }
  document.getElementById("none").hidden = count > 0;
  document.getElementById("more").hidden = passing <= most;
}

first.addEventListener("input", show);
second.addEventListener("input", () => {
  compare.checked = true;
  show();
});
compare.addEventListener("change", show);
document.getElementById("more")?.addEventListener("click", () => {
  const firstNew = rows.filter((row) => !row.item.hidden).length;
  most += 100;
  show();
  const next = rows.filter((row) => !row.item.hidden)[firstNew]?.item;
  next?.setAttribute("tabindex", "-1");
  next?.focus();
});
// A browser that comes back to the page keeps the sliders where they were.
window.addEventListener("pageshow", show);
show();
