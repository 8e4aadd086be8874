/** Times in the reader's own words and zone. */
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** @param {number} seconds */
function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

/** Rewrites every time on the page. */
export function tickTimes() {
  const now = new Date();
  for (const time of document.querySelectorAll("time[datetime]:not(.until)")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const text = at.toDateString() === now.toDateString() ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
    if (time.textContent !== text) {
      time.textContent = text;
      time.title = whole.format(at);
    }
  }
  for (const time of document.querySelectorAll(".since[data-since]")) {
    const text = span((now.getTime() - Number(time.dataset.since)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
  for (const time of document.querySelectorAll(".until[data-until]")) {
    const left = Number(time.dataset.until) - now.getTime();
    const text = left > 0 ? `${span(left / 1000)} more` : "no more";
    if (time.textContent !== text) time.textContent = text;
  }
}

setInterval(() => { if (document.visibilityState === "visible") tickTimes(); }, 1000);
