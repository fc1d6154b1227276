"""Takes a picture every few seconds and stores it in the folder that the gallery shows."""

import time

from gallery_common.pictures import list_pictures, store_picture
from gallery_common.service import StopSignal, log, number_setting, text_setting
from picture import take_picture


def main() -> None:
    stop = StopSignal()
    folder = text_setting("PICTURES_DIR", "/data/pictures")
    interval = number_setting("CAMERA_INTERVAL_SECONDS", 5, lowest=0.1, highest=86400)
    width = int(number_setting("CAMERA_WIDTH", 320, lowest=16, highest=4096))
    height = int(number_setting("CAMERA_HEIGHT", 240, lowest=16, highest=4096))
    limit = int(number_setting("CAMERA_MAX_PICTURES", 1000, lowest=0, highest=1_000_000))
    log(f"camera-control: a picture of {width} x {height} every {interval:g} s into {folder}")

    number = 0
    due = time.monotonic()
    while True:
        try:
            present = list_pictures(folder)
            number = max(number, present[0].number if present else 0)
            if limit and len(present) >= limit:
                log(f"camera-control: {len(present)} pictures in the folder, pausing")
            else:
                name = store_picture(folder, number + 1, take_picture(number + 1, time.time(), width, height))
                number += 1
                log(f"camera-control: {name}")
        except OSError as error:
            # A full or absent disk may come back: stay alive and say so.
            log(f"camera-control: no picture: {error}")
        due = max(due + interval, time.monotonic())
        if stop.wait(due - time.monotonic() if due > time.monotonic() else 0):
            break
    log("camera-control: stopped")


if __name__ == "__main__":
    main()
