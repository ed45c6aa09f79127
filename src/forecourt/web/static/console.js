// What pages do beyond HTML. Without it everything works, only not by itself.
"use strict";

// The server shows times in the zone of the browser from the next page on.
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `forecourt_zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;
}

// Parts that follow what happens: each is fetched anew when one of its topics rings, and laid over what is there.
const live = (() => {
  const plans = new WeakMap();
  const parts = () => document.querySelectorAll("[data-live]");

  // The first ring counts at once, and one that comes too early counts later: none is dropped.
  const soon = (part) => {
    const plan = plans.get(part) ?? { timer: 0, asked: -Infinity };
    plans.set(part, plan);
    if (plan.timer) return;
    const wait = Math.max(plan.asked + Number(part.dataset.every || 2) * 1000 - performance.now(), Math.random() * 200);
    plan.timer = setTimeout(() => {
      plan.timer = 0;
      plan.asked = performance.now();
      if (part.isConnected) htmx.trigger(part, "refresh");
    }, wait);
  };

  // A row is known by what it links to, sends or ticks, so that it is the same one when others come before it.
  const nameAll = (root) => {
    const seen = new Map();
    for (const one of root.querySelectorAll("tr, li, details, form")) {
      const id = one.getAttribute("id"); // a form with a field of that name has another `id`
      if (id && !id.startsWith("is:")) continue;
      const place = one.matches("form") ? one : one.querySelector("form[action], a[href], input[type=checkbox][value]");
      const key = place?.getAttribute("action") ?? place?.getAttribute("href") ?? place?.getAttribute("value");
      if (!key) continue;
      const name = `is:${one.localName}:${encodeURIComponent(key)}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      one.setAttribute("id", seen.get(name) === 1 ? name : `${name}:${seen.get(name)}`);
    }
  };

  const isTouched = (one) => {
    if (one instanceof HTMLOptionElement) return [...(one.closest("select")?.options ?? [])].some((each) => each.selected !== each.defaultSelected);
    if (one instanceof HTMLInputElement && ["checkbox", "radio"].includes(one.type)) return one.checked !== one.defaultChecked;
    if (one instanceof HTMLInputElement || one instanceof HTMLTextAreaElement) return one === document.activeElement || one.value !== one.defaultValue;
    return false;
  };

  // What somebody opened, typed or ticked stays as it is.
  const callbacks = {
    beforeAttributeUpdated: (name, one) =>
      !(name === "open" && one instanceof HTMLDetailsElement) && !(["value", "checked", "selected"].includes(name) && isTouched(one)),
    beforeNodeMorphed: (one) => !(one instanceof HTMLTextAreaElement && isTouched(one)) && !one.hasAttribute?.("data-keep"),
  };

  htmx.defineExtension("live", {
    isInlineSwap: (style) => style === "live",
    handleSwap: (style, target, fragment) => {
      if (style !== "live") return false;
      const fresh = fragment.querySelector?.(`#${CSS.escape(target.id)}`) ?? fragment.firstElementChild;
      if (!fresh) { // the page is another one now: somebody signed out, or what it showed is gone
        location.reload();
        return [];
      }
      nameAll(target);
      nameAll(fresh);
      return Idiomorph.morph(target, fresh, { morphStyle: "outerHTML", callbacks });
    },
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.matches?.("[data-live]")) event.detail.headers["Forecourt-Live"] = "1";
  });

  return {
    topics: () => new Set([...parts()].flatMap((part) => part.dataset.live.split(" "))),
    changed: (topic) => parts().forEach((part) => part.dataset.live.split(" ").includes(topic) && soon(part)),
    refresh: () => parts().forEach(soon),
  };
})();

// The stream that rings. A browser keeps six connections to one host, for all tabs: a tab that nobody sees has none.
// It is opened anew by ourselves, as browsers give up for good when a proxy answers for a system that restarts.
{
  const TOLD_AFTER = 1500, SILENT_AFTER = 40_000, LONGEST_WAIT = 15_000;
  const path = document.body.dataset.stream;
  let stream = null, failures = 0, isBehind = false, again = 0, telling = 0, silence = 0;

  const show = (isLost) => {
    const lost = document.getElementById("lost");
    if (lost) lost.hidden = !isLost;
  };
  const close = () => {
    stream?.close();
    stream = null;
    clearTimeout(again);
    clearTimeout(silence);
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENT_AFTER);
  };
  const found = () => {
    failures = 0;
    clearTimeout(telling);
    telling = 0;
    show(false);
    if (isBehind) live.refresh();
    isBehind = false;
  };
  const lose = () => {
    close();
    isBehind = true;
    telling ||= setTimeout(show, TOLD_AFTER, true);
    again = setTimeout(open, Math.min(500 * 2 ** failures++, LONGEST_WAIT) * (0.75 + Math.random() / 2));
  };
  const open = () => {
    if (!path || stream || document.hidden) return;
    stream = new EventSource(path);
    stream.onerror = lose;
    stream.addEventListener("beat", () => { heard(); found(); });
    stream.addEventListener("signed-out", () => { close(); location.reload(); });
    for (const topic of live.topics()) stream.addEventListener(topic, () => { heard(); live.changed(topic); });
    heard();
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return open();
    isBehind = true;
    close();
  });
  addEventListener("pagehide", () => { isBehind = true; close(); });
  addEventListener("pageshow", open);
}

// Boxes that tick all boxes of their name.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.ticks;
  if (name) for (const box of document.querySelectorAll(`input[name="${CSS.escape(name)}"]`)) box.checked = event.target.checked;
});

// A question that was opened closes with Escape, or when something else is clicked.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const one of document.querySelectorAll("details.confirm[open], details.menu[open]")) {
    one.open = false;
    one.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const one of document.querySelectorAll("details.confirm[open]")) if (!one.contains(event.target)) one.open = false;
});

// Buttons that copy a text; where the browser lets none do so, they stay hidden.
if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent));
}
