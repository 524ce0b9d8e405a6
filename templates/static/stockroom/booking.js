// Tells what will happen while somebody fills in a form that books: the server tries it, and takes
// it back. Without this script a button of the form does the same.
"use strict";
{
  const PAUSE_MS = 250;
  const form = document.getElementById("booking");
  const outcome = document.getElementById("outcome");
  let timer, asking;

  // What was told is not true of what is typed now.
  function forget() {
    outcome.replaceChildren(form.elements.seen);
  }

  async function tell() {
    asking?.abort();
    if (!form.checkValidity()) return forget();
    asking = new AbortController();
    const sent = new FormData(form);
    sent.append("try", "1");
    sent.append("fragment", "1");
    try {
      const answer = await fetch(location.href, {
        method: "POST", body: sent, signal: asking.signal,
      });
      if (!answer.ok || answer.redirected) return forget(); // signed out meanwhile, perhaps
      outcome.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      forget();
      console.error(error);
    }
  }

  form.elements.try.hidden = true;
  // After Django's own scripts, which say at first that every field has changed.
  django.jQuery(() => {
    // There may be nothing to fill in. What was refused a moment ago stands beside its field.
    if (!form.querySelector("fieldset .errorlist")) tell();
    // What looks a row up says so by jQuery alone.
    django.jQuery(form).on("input change", () => {
      clearTimeout(timer);
      timer = setTimeout(tell, PAUSE_MS);
    });
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    asking?.abort();
    for (const button of form.querySelectorAll("[type=submit]")) button.disabled = true;
  });
  // Back in the history, the form can be sent again.
  addEventListener("pageshow", () => {
    for (const button of form.querySelectorAll("[type=submit]")) button.disabled = false;
  });
}
