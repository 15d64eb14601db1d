// Choosing, dropping and sending files, and the sample pictures.

import { element } from "./text.js";

const PHOTOS_AT_ONCE = 10;
const byId = (id) => document.getElementById(id);

/** `send(route, body)` posts for the person who is writing; `fail(error)` tells what went wrong. */
export function setUpSending(send, fail) {
  const dialog = byId("preview");
  let chosen = [];
  let addresses = [];

  function offer(files, asFile) {
    chosen = [...files];
    if (chosen.length === 0) return;
    const pictures = chosen.every((file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name));
    byId("as-file").checked = asFile || !pictures;
    byId("as-file").disabled = !pictures;
    byId("caption").value = "";
    byId("preview-title").textContent = chosen.length > 1 ? `Send ${chosen.length} files` : `Send ${chosen[0].name}`;
    byId("preview-note").textContent = chosen.length > PHOTOS_AT_ONCE ? "Only the first ten are sent." : "";
    chosen = chosen.slice(0, PHOTOS_AT_ONCE);
    addresses = chosen.filter((file) => file.type.startsWith("image/")).map((file) => URL.createObjectURL(file));
    const grid = byId("preview-pictures");
    grid.classList.toggle("one", chosen.length === 1);
    grid.replaceChildren(...addresses.map((src) => element("img", { src, alt: "" })));
    dialog.returnValue = "";
    dialog.showModal();
    byId("preview-send").focus();
  }

  dialog.addEventListener("close", async () => {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    if (dialog.returnValue !== "send") return;
    try {
      await deliver(byId("as-file").checked, byId("caption").value.trim());
    } catch (error) {
      fail(error);
    }
  });

  async function deliver(asFile, caption) {
    if (!asFile) {
      await send("photos", form(chosen, caption));
      return;
    }
    for (const file of chosen) await send("document", form([file], caption));
  }

  for (const [input, asFile] of [["photo-input", false], ["file-input", true]]) {
    byId(input).addEventListener("change", ({ target }) => {
      offer(target.files, asFile);
      target.value = "";
    });
  }
  byId("pick-photo").onclick = () => byId("photo-input").click();
  byId("pick-file").onclick = () => byId("file-input").click();
  byId("pick-sample").onclick = () => showSamples(offer).catch(fail);
  fetch("/sim/samples").then((answer) => answer.json())
    .then((samples) => { byId("pick-sample").hidden = samples.length === 0; }).catch(fail);
  setUpDropping(offer);
  byId("text").addEventListener("paste", (event) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    offer(event.clipboardData.files, false);
  });
}

function form(files, caption) {
  const data = new FormData();
  for (const file of files) data.append("file", file, file.name);
  if (caption) data.append("caption", caption);
  return data;
}

function setUpDropping(offer) {
  const target = byId("drop");
  let depth = 0;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    depth += 1;
    target.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (carries(event) && --depth <= 0) target.hidden = true;
  });
  addEventListener("dragover", (event) => {
    if (carries(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    target.hidden = true;
    offer(event.dataTransfer.files, false);
  });
}

async function showSamples(offer) {
  const answer = await fetch("/sim/samples");
  const list = byId("sample-list");
  list.replaceChildren(...(await answer.json()).map(({ number, title }) => {
    const source = `/sim/samples/${number}`;
    const pick = element("button", { type: "button" },
      element("img", { src: source, alt: "" }), element("span", {}, title));
    pick.onclick = async () => {
      byId("samples").close();
      const blob = await (await fetch(source)).blob();
      offer([new File([blob], `${title}.jpg`, { type: "image/jpeg" })], false);
    };
    return pick;
  }));
  byId("samples").showModal();
}
