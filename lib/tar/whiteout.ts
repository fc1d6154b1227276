/** How a layer says that something below it is gone, image-spec layer.md, "Whiteouts". */
export const WHITEOUT = ".wh.";

/** Marks a folder whose content in the layers below is hidden, image-spec layer.md, "Opaque Whiteout". */
export const OPAQUE = ".wh..wh..opq";
