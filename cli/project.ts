/** The argument of every command that reads a project. */
export const PROJECT_FOLDER = {
  default: ".",
  value: "FOLDER",
  describe: "Folder with auterion-app.yml or aircrate.yml",
} as const;

/** The option of every command that has to know the version of the application. */
export const APP_VERSION = {
  "app-version": { value: "VERSION", describe: "Version instead of the manifest's" },
} as const;
