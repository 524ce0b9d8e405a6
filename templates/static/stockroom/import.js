// Helps with imports: a file may be dropped, and how far the work is shows by itself. Without this
// script the file is chosen, and the page comes anew every two seconds.
"use strict";
{
  const EVERY_MS = 1000;
  const upload = document.getElementById("upload");
  const working = document.getElementById("working");

  function letDrop(place, input) {
    const over = (on) => (event) => {
      event.preventDefault();
      place.classList.toggle("over", on);
    };
    place.addEventListener("dragover", over(true));
    place.addEventListener("dragleave", over(false));
    place.addEventListener("drop", (event) => {
      over(false)(event);
      if (event.dataTransfer.files.length === 1) input.files = event.dataTransfer.files;
    });
  }

  async function look() {
    try {
      const answer = await fetch(working.dataset.url);
      if (!answer.ok || answer.redirected) return location.reload(); // signed out, or discarded
      const told = await answer.json();
      if (!told.working) return location.reload();
      show(told);
    } catch (error) {
      console.error(error); // the server is away: it is asked again
    }
    setTimeout(look, EVERY_MS);
  }

  function show(told) {
    const bar = document.getElementById("bar");
    document.getElementById("status").textContent = told.status;
    document.getElementById("what").textContent = told.what;
    if (told.total) {
      bar.max = told.total;
      bar.value = told.done;
    } else {
      bar.removeAttribute("value");
    }
  }

  // Says at once what is needed and no column becomes.
  function tellLacking(columns) {
    const lacking = document.getElementById("lacking");
    const { needed, subject } = JSON.parse(document.getElementById("needed").textContent);
    const form = columns.closest("form");
    const tell = () => {
      const fields = new Set([...columns.querySelectorAll("select")].map((each) => each.value));
      const of = needed[form.elements.subject?.value ?? subject] ?? [];
      const first = of.find(([names]) => !names.some((name) => fields.has(name)));
      lacking.hidden = !first;
      if (first) lacking.querySelector("span").textContent = first[1];
    };
    form.addEventListener("change", tell);
  }

  // Once is enough.
  function guard(form) {
    form.addEventListener("submit", () => {
      for (const button of form.querySelectorAll("[type=submit]")) button.disabled = true;
    });
    addEventListener("pageshow", () => {
      for (const button of form.querySelectorAll("[type=submit]")) button.disabled = false;
    });
  }

  if (upload) letDrop(upload.querySelector(".drop"), upload.elements.file);
  for (const columns of document.querySelectorAll("table.columns")) tellLacking(columns);
  if (working) setTimeout(look, EVERY_MS);
  for (const form of document.querySelectorAll("#content-main form")) guard(form);
}
