// Marks that scripts run, so that what stands in for them is put away.
document.documentElement.classList.add("scripted");

// A form that is on its way is not sent again by an impatient second click.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  // A file that is fetched leaves the page where it is, with its form to be sent again.
  if (form.method === "post" && !event.submitter?.hasAttribute("data-again")) {
    form.dataset.sent = "yes";
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
  }
});
