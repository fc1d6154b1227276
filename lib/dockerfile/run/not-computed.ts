/** Thrown where a RUN has something whose effect is not computed here; `message` says what, as the end of a sentence. */
export class NotComputed extends Error {}
