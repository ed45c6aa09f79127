// Chooses the theme before anything is drawn: that of the account, else that of the system.
(() => {
  const root = document.documentElement;
  if (root.dataset.theme !== "auto") return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const choose = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  choose();
  dark.addEventListener("change", choose);
})();
