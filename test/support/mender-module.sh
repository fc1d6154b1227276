#!/bin/sh
# Update module "docker" (version 3 of Mender's protocol) for tests: loads every files/*.image of the payload as the
# device would, and tells what it was called with and what it saw. Called as: docker STATE FOLDER
#   MODULE_LOG   takes "call STATE" and then "SIZE PATH" ("pipe PATH" for a pipe) per file of the folder
#   MODULE_KEEP  takes a copy of files/ and header/ as they are at ArtifactInstall
#   MODULE_LOAD  command line that loads one image, the file's name is added; without it nothing is loaded
set -eu
state=$1
folder=${2:-}

echo "call $state" >> "$MODULE_LOG"
if [ -d "$folder" ]; then
    (cd "$folder" && find . \( -type f -printf '%s %P\n' -o -type p -printf 'pipe %P\n' \) | LC_ALL=C sort -k 2) >> "$MODULE_LOG"
fi

case $state in
NeedsArtifactReboot | SupportsRollback)
    echo No
    ;;
ArtifactInstall)
    cp -r "$folder/files" "$folder/header" "$MODULE_KEEP"
    for image in "$folder"/files/*.image; do
        [ -f "$image" ] || { echo "no .image in the payload" >&2; exit 1; }
        [ -z "${MODULE_LOAD:-}" ] || $MODULE_LOAD "$image" >&2
    done
    ;;
esac
