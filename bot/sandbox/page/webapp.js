// A Mini App in a frame, and what it says to the client around it: core.telegram.org/api/web-events.

import { post } from "./server.js";

const LIGHT = { bg_color: "#ffffff", secondary_bg_color: "#f0f2f5", text_color: "#111b21" };
const DARK = { bg_color: "#17212b", secondary_bg_color: "#232e3c", text_color: "#f5f5f5" };
const dialog = document.getElementById("webapp");
const frame = document.getElementById("webapp-frame");

/** Opens the page behind a button, for the person `me`. */
export async function openWebApp(me, messageId, { text, web_app: { url } }) {
  const { init_data: data } = await post(`/sim/users/${me}/web_app`, { message_id: messageId, url });
  const theme = matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT;
  const launch = new URLSearchParams({
    tgWebAppData: data, tgWebAppVersion: "9.0", tgWebAppPlatform: "web", tgWebAppThemeParams: JSON.stringify(theme),
  });
  frame.title = text;
  // A page that differs by the part after # alone would not be loaded again.
  frame.src = "about:blank";
  frame.onload = () => {
    frame.onload = null;
    frame.src = `${url}#${launch}`;
  };
  dialog.showModal();
}

window.addEventListener("message", ({ source, data }) => {
  if (source !== frame.contentWindow) return;
  const { eventType, eventData } = JSON.parse(data);
  if (eventType === "web_app_close") dialog.close();
  if (eventType === "web_app_open_tg_link") {
    const url = new URL(eventData.path_full, "https://t.me");
    const payload = url.searchParams.get("start");
    if (url.pathname !== `/${document.body.dataset.bot}` || payload === null) return;
    dialog.close();
    document.dispatchEvent(new CustomEvent("deep-link", { detail: payload }));
  }
});
