import type { Page } from "playwright-core";

/**
 * The lowest contrast of all texts that are to be seen with the colour behind them, by the formula of WCAG 2.2 ("contrast
 * ratio", "relative luminance").
 */
export function lowestContrast(page: Page): Promise<number> {
  return page.locator("body *").evaluateAll((elements) => {
    const { ownerDocument: document } = elements[0]!;
    const styleOf = document.defaultView!.getComputedStyle;
    // Colours come in whatever space the style has them in; a canvas gives them in sRGB.
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    const pixel = (color: string): readonly number[] => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color: string) => {
      const [r, g, b] = pixel(color).map((value) =>
        value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const behind = (element: (typeof elements)[number] | null): string => {
      if (element === null) return "white";
      const color = styleOf(element).backgroundColor;
      return pixel(color)[3] === 255 ? color : behind(element.parentElement);
    };
    const isText = ({ nodeType, textContent }: { nodeType: number; textContent: string | null }) =>
      nodeType === 3 && textContent?.trim() !== "";
    const ratios = elements
      .filter((element) => element.checkVisibility() && [...element.childNodes].some(isText))
      .map((element) => {
        const pair = [luminance(styleOf(element).color), luminance(behind(element))];
        return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      });
    return Math.min(...ratios);
  });
}
