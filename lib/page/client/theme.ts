/** A switch between light and dark, which begins as the system has it. */
export function setUpTheme(toggle: HTMLElement): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen: boolean | undefined;
  const show = () => {
    const dark = chosen ?? system.matches;
    toggle.setAttribute("aria-pressed", String(dark));
    if (chosen !== undefined) document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };
  system.addEventListener("change", show);
  toggle.addEventListener("click", () => {
    chosen = !(chosen ?? system.matches);
    show();
  });
  show();
}
