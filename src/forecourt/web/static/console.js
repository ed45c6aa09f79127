// What pages do beyond HTML. Without it everything works, only not by itself.

// The server shows times in the zone of the browser from the next page on.
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `forecourt_zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;
}

// A lost stream is told, and a found one brings everything up to date.
{
  let isLost = false;
  const lost = () => document.getElementById("lost");
  document.addEventListener("htmx:sseError", () => {
    isLost = true;
    if (lost()) lost().hidden = false;
  });
  document.addEventListener("htmx:sseOpen", () => {
    if (lost()) lost().hidden = true;
    if (isLost) for (const part of document.querySelectorAll("[data-live]")) htmx.trigger(part, "refresh");
    isLost = false;
  });
}

// Boxes that tick all boxes of their name.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.ticks;
  if (name) for (const box of document.querySelectorAll(`input[name="${CSS.escape(name)}"]`)) box.checked = event.target.checked;
});

// A question that was opened closes with Escape, or when something else is clicked.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const one of document.querySelectorAll("details.confirm[open], details.menu[open]")) one.open = false;
});
document.addEventListener("click", (event) => {
  for (const one of document.querySelectorAll("details.confirm[open]")) if (!one.contains(event.target)) one.open = false;
});
