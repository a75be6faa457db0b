// One thing after the other by keys: 1 right, 2 wrong, S skip, U back. They count only while the
// focus is inside the list, so that nobody labels by accident.

const list = document.getElementById("quick");

if (list !== null) {
  const items = [...list.querySelectorAll("[data-item]")];
  const done = document.getElementById("done");
  let at = 0;

  const mark = () => {
    for (const [index, item] of items.entries()) {
      if (index === at) {
        item.setAttribute("aria-current", "true");
      } else {
        item.removeAttribute("aria-current");
      }
    }
  };

  const show = () => {
    mark();
    items[at].focus();
    items[at].scrollIntoView({ block: "nearest" });
  };

  const go = (steps) => {
    at = Math.min(Math.max(at + steps, 0), items.length - 1);
    show();
  };

  const tell = () => {
    if (done !== null) {
      const count = list.querySelectorAll("[data-state='saved']").length;
      done.textContent = done.dataset.line.replace("{count}", count).replace("{total}", done.dataset.total);
    }
  };

  const fresh = () => [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(16).padStart(2, "0")).join("");

  const BUSY = 503;
  const pause = (seconds) => new Promise((go) => setTimeout(go, seconds * 1000));
  let line = Promise.resolve();

  // The answer to the form is a page that nobody needs here: it is not fetched.
  const send = async (address, data) => {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        const answer = await fetch(address, { method: "POST", body: data, redirect: "manual" });
        if (answer.status !== BUSY) {
          return answer.type === "opaqueredirect";
        }
      } catch {
        // Without a network the same key tries again; what is shown says that it is not saved.
      }
      await pause(1);
    }
    return false;
  };

  // One after the other, however fast the keys are: the last word on a match is the one that stays.
  const save = (form, button, item) => {
    const data = new URLSearchParams(new FormData(form));
    data.set(button.name, button.value);
    data.set("once", fresh());
    item.dataset.state = "saving";
    item.dataset.choice = button.name;
    line = line.then(async () => {
      const isSaved = await send(form.action, data);
      item.dataset.state = isSaved ? "saved" : "failed";
      tell();
      if (!isSaved) {
        done.textContent = done.dataset.failed;
      }
    });
  };

  list.addEventListener("submit", (event) => {
    const form = event.target;
    if (!("quick" in form.dataset) || !event.submitter) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const item = form.closest("[data-item]");
    at = items.indexOf(item);
    save(form, event.submitter, item);
    go(1);
  });

  list.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.altKey || event.metaKey || !["1", "2", "s", "u"].includes(key)) {
      return;
    }
    event.preventDefault();
    if (key === "s" || key === "u") {
      go(key === "s" ? 1 : -1);
      return;
    }
    const target = items[at].querySelector(`[data-key="${key}"]`);
    target.click();
    if (target.type === "radio") {
      go(1);
    }
  });

  list.addEventListener("focusin", (event) => {
    const item = event.target.closest("[data-item]");
    if (item !== null && items.indexOf(item) !== at) {
      at = items.indexOf(item);
      mark();
    }
  });

  for (const button of document.querySelectorAll("[data-all]")) {
    button.addEventListener("click", () => {
      for (const radio of list.querySelectorAll(`input[type=radio][value="${button.dataset.all}"]`)) {
        radio.checked = true;
      }
    });
  }

  show();
}
