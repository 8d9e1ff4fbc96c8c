// What a page is without: numbers and times as this browser writes them, and a sheet that is dropped. All else is HTML.

const numbers = new Map();

function written(value, decimals) {
  if (!numbers.has(decimals)) {
    numbers.set(decimals, new Intl.NumberFormat(undefined, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals,
    }));
  }
  // The text goes in, not a float: amounts keep every digit.
  return numbers.get(decimals).format(value);
}

const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function localise(part) {
  for (const data of part.querySelectorAll("data[data-decimals]:not([data-local])")) {
    data.dataset.local = "";
    data.textContent = written(data.getAttribute("value"), Number(data.dataset.decimals));
  }
  for (const time of part.querySelectorAll("time[datetime]:not([data-local])")) {
    time.dataset.local = "";
    time.title = time.textContent;
    time.textContent = times.format(new Date(time.dateTime));
  }
}

function takeDrops(form) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");
  const said = form.querySelector("[data-said]");
  const most = Number(form.dataset.mostBytes);

  function send() {
    const file = input.files[0];
    if (!file) return;
    if (file.size > most) {
      said.textContent = form.dataset.tooLarge;
      input.value = "";
      return;
    }
    said.textContent = `${file.name} is being sent and read …`;
    form.requestSubmit();
  }

  input.addEventListener("change", send);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length !== 1) {
      said.textContent = "Drop one file at a time.";
      return;
    }
    input.files = event.dataTransfer.files;
    send();
  });
}

// What takes a while says so at once, and a form cannot be sent twice.
function sayBusy(part) {
  const said = document.createElement("p");
  const buttons = part.querySelectorAll("button");
  said.setAttribute("role", "status");
  part.after(said);
  // A status is read out once it changes; and a button is in the form's data until that is on its way.
  setTimeout(() => {
    said.textContent = part.dataset.busy;
    for (const button of buttons) button.disabled = true;
  });
  // Back to this page: it is as it was before.
  window.addEventListener("pageshow", () => {
    said.remove();
    for (const button of buttons) button.disabled = false;
  }, { once: true });
}

document.addEventListener("submit", (event) => { if (event.target.dataset.busy) sayBusy(event.target); });
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-busy]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) sayBusy(link);
});

// Figures that no longer come would otherwise look like those of now.
function sayWhetherHeard(unheard) {
  document.addEventListener("htmx:sse:error", () => { unheard.hidden = false; });
  for (const name of ["htmx:sse:after:connection", "htmx:sse:close"]) {
    document.addEventListener(name, () => { unheard.hidden = true; });
  }
}

// A file that misses the field would otherwise take the place of the page.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());

localise(document);
for (const form of document.querySelectorAll("form[data-upload]")) takeDrops(form);
for (const unheard of document.querySelectorAll("#unheard")) sayWhetherHeard(unheard);
document.addEventListener("htmx:after:settle", () => localise(document));
