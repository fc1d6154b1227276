import { parseReference, type Reference } from "../reference.ts";

/** `v2` and the like: the device has that version of Auterion's base image, as a package of its own. */
const VERSION = /^v[0-9]+$/;

/** Whether `auterion-app-base` names a version; `none` and whatever else there is do not. */
export function isAppBaseVersion(appBase: string): boolean {
  return VERSION.test(appBase);
}

/** The base image that a version stands for. */
export function appBaseReference(version: string): { readonly name: string; readonly reference: Reference } {
  const name = `auterion/app-base:${version}`;
  return { name, reference: parseReference(name) };
}
