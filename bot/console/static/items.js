// A list worked through by keys: J and K go on and back, and a letter presses the button (or opens the
// field) of the current item that carries it. Nothing happens while somebody writes.

const items = [...document.querySelectorAll("[data-item]")];
let at = -1;

function go(steps) {
  if (items.length === 0) {
    return;
  }
  at = Math.min(Math.max(at + steps, 0), items.length - 1);
  items[at].focus();
}

function press(key) {
  const here = at >= 0 ? items[at] : document;
  const target = here.querySelector(`[data-key="${key}"]`) ?? document.querySelector(`.page-keys [data-key="${key}"]`);
  if (target === null) {
    return false;
  }
  target.closest("details")?.setAttribute("open", "");
  if (target.matches("input, textarea")) {
    target.focus();
  } else {
    target.click();
  }
  return true;
}

document.addEventListener("focusin", (event) => {
  const item = event.target.closest("[data-item]");
  at = item === null ? at : items.indexOf(item);
});

document.addEventListener("keydown", (event) => {
  const writes = event.target.matches("input, textarea, select");
  if (event.key === "Escape" && writes && at >= 0) {
    items[at].focus();
    return;
  }
  if (writes || event.ctrlKey || event.altKey || event.metaKey) {
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    go(key === "j" ? 1 : -1);
    event.preventDefault();
  } else if (/^[a-z]$/.test(key) && press(key)) {
    event.preventDefault();
  }
});
