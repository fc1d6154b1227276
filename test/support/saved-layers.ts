import { readSavedImage } from "./image-root.ts";

/** What the layers of the one image in a docker-archive hold, `type path mode owner` and where a link leads. */
export async function savedLayers(file: string): Promise<string[][]> {
  return (await readSavedImage(file)).layers.map((layer) =>
    layer.map(({ path, type, mode, uid, gid, link }) =>
      [type, path, mode.toString(8), `${uid}:${gid}`, ...(link === "" ? [] : ["->", link])].join(" "),
    ),
  );
}
