#!/usr/bin/env python3
"""Update module "docker" (version 3 of Mender's protocol) of the device simulator: takes an application's images into
dockerd and runs its services in their launch order. Called as: docker STATE FOLDER
  MODULE_DISK    folder of the device: apps/<slug>/ takes what is installed, calls a line for each call
  MODULE_DOCKER  command line of the docker client, as JSON; without it no image is loaded and nothing is run
  MODULE_PAUSE   seconds to wait before anything is changed
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import time

import yaml

state, folder = sys.argv[1], sys.argv[2]
disk = os.environ["MODULE_DISK"]
client = json.loads(os.environ.get("MODULE_DOCKER") or "[]")


def docker(*args):
    done = subprocess.run([*client, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"docker {args[0]}: {done.stdout.strip()}")
    return done.stdout.strip()


def launch_order(names, overrides):
    """Each service after those that it depends on, otherwise as they are listed."""
    order = []

    def visit(name):
        if name not in order:
            for other in overrides.get(name, {}).get("depends_on") or []:
                visit(other)
            order.append(name)

    for name in names:
        visit(name)
    return order


def install():
    files = os.path.join(folder, "files")
    with open(os.path.join(files, "auterion-app.yml"), encoding="utf-8") as text:
        app = yaml.safe_load(text)
    slug = f"{app['app-author']}.{app['app-name']}"
    version = app["app-version"]
    services = app["services"]
    overrides = (app.get("compose-override") or {}).get("services") or {}
    [image] = glob.glob(os.path.join(files, "*.image"))
    time.sleep(float(os.environ.get("MODULE_PAUSE") or 0))
    home = os.path.join(disk, "apps", slug)
    data = os.path.join(home, "data")
    os.makedirs(data, exist_ok=True)
    if client:
        # What the file lacks shows here, while the version that was there before still runs.
        docker("load", "--input", image)
        old = docker("ps", "--all", "--quiet", "--filter", f"label=app={slug}").split()
        if old:
            docker("rm", "--force", *old)
    settings = os.path.join(home, "settings.default.env")
    shutil.copyfile(os.path.join(files, "settings.default.env"), settings)
    order = launch_order(list(services), overrides)
    for name in order if client else []:
        tag = services[name].get("image") or f"{slug}.{name}:{version}"
        command = overrides.get(name, {}).get("command") or []
        labels = ["--label", f"app={slug}", "--label", f"service={name}"]
        options = ["--pull", "never", "--network", "none", "--volume", f"{data}:/data", "--env-file", settings]
        docker("run", "--detach", "--name", f"{slug}.{name}", *labels, *options, tag, *command)
    with open(os.path.join(home, "app.json"), "w", encoding="utf-8") as out:
        json.dump({"name": slug, "version": version, "services": order}, out)


with open(os.path.join(disk, "calls"), "a", encoding="utf-8") as log:
    log.write(f"{state}\n")
if state in ("NeedsArtifactReboot", "SupportsRollback"):
    print("No")
elif state == "ArtifactInstall":
    install()
