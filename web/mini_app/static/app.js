// The body map: its content comes as HTML, in the person's language. A point opens the moles there.

import { followTheme, initData, tell } from "./telegram.js";

const bot = new URLSearchParams(location.search).get("bot");
const content = document.getElementById("content");
const problems = [...document.querySelectorAll("[data-problem]")];

class Refused extends Error {}

async function fetched(path) {
  const query = bot ? `?bot=${encodeURIComponent(bot)}` : "";
  const answer = await fetch(path + query, { headers: { Authorization: `tma ${initData}` } });
  if (!answer.ok) throw new Refused((await answer.json()).code);
  return new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes;
}

function show(error) {
  const known = error instanceof Refused && problems.find((each) => each.dataset.problem === error.message);
  only(known || problems.at(-1));
}

function only(problem) {
  for (const each of problems) each.hidden = each !== problem;
}

async function tellStory(details) {
  const place = details.querySelector(".story");
  // Each opening asks anew: the links to pictures are of no use after ten minutes.
  place.setAttribute("aria-busy", "true");
  try {
    place.replaceChildren(...await fetched(`/app/moles/${details.dataset.mole}`));
    for (const link of place.querySelectorAll(".chat")) link.addEventListener("click", toChat);
    only(null);
  } catch (error) {
    details.open = false;
    show(error);
  } finally {
    place.removeAttribute("aria-busy");
  }
}

// The client closes this page and opens the chat; a browser follows the link by itself.
function toChat(event) {
  const { pathname, search } = new URL(event.currentTarget.href);
  if (tell("web_app_open_tg_link", { path_full: pathname + search })) event.preventDefault();
}

function openMoles(numbers) {
  const chosen = numbers.map((each) => content.querySelector(`[data-mole="${each}"]`));
  for (const details of content.querySelectorAll("details")) details.open = chosen.includes(details);
  chosen[0].scrollIntoView({ block: "start" });
  chosen[0].querySelector("summary").focus();
}

async function start() {
  try {
    content.replaceChildren(...await fetched("/app/moles"));
  } finally {
    content.removeAttribute("aria-busy");
    tell("web_app_ready");
  }
  document.documentElement.lang = content.querySelector("[lang]").lang;
  for (const details of content.querySelectorAll("details")) {
    details.addEventListener("toggle", () => details.open && tellStory(details));
  }
  for (const point of content.querySelectorAll(".point")) {
    point.addEventListener("click", () => openMoles(point.dataset.moles.split(" ")));
  }
}

followTheme();
tell("web_app_expand");
start().catch(show);
