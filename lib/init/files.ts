import type { AppNames } from "./init.ts";

/** The files of a new application by their path: one service, which runs as it is. */
export function newFiles({ name, author }: AppNames): ReadonlyMap<string, string> {
  return new Map([
    ["auterion-app.yml", manifest(name, author)],
    [`src/${name}/Dockerfile`, DOCKERFILE],
    [`src/${name}/main.py`, PROGRAM],
    ["settings.default.env", SETTINGS],
  ]);
}

/** The comments tell what the one who goes on from here will ask. */
function manifest(name: string, author: string): string {
  return `# An application of AuterionOS. "aircrate schema --help" tells how editors complete and check this file.

# The lowest version that has what is needed; a higher one asks for a newer AuterionOS (3: 3.2.9).
auterion-api-version: 3

# The image stands on a base from Docker Hub, so the package carries all of its layers.
auterion-app-base: none

app-name: ${name}
app-author: ${author}
app-version: "0.1.0" # in quotes, or YAML would read 1.0 as a number

target-platform: [skynode, skynode-s]

services:
  ${name}:
    build: src/${name}

# Merged into the compose file by which the device runs the services.
compose-override:
  services:
    ${name}:
      restart: unless-stopped
      # Without a limit the log would fill the storage in time.
      logging:
        driver: json-file
        options: { max-size: 10m, max-file: "3" }
`;
}

const DOCKERFILE = `FROM arm64v8/python:3.11-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY main.py ./
CMD ["python3", "main.py"]
`;

const PROGRAM = `import os
import signal
import sys
import time

# The first process of a container that has no handler for SIGTERM is not stopped by it, but killed ten seconds later.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(0))

period = float(os.environ.get("PERIOD_SECONDS", "5"))
count = 0
while True:
    time.sleep(period)
    count += 1
    print(f"Hello number {count}")
`;

const SETTINGS = `# Settings that the user of the vehicle may change, as NAME=VALUE. Services find them in their environment.
PERIOD_SECONDS=5
`;
