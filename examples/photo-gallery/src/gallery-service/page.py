"""The list of pictures as a web page and as JSON.

All links are relative: on the device the page does not lie at the root of the host.
"""

import json
import time
from collections.abc import Sequence

from gallery_common.pictures import Picture

_STYLE = """
body { margin: 0 auto; max-width: 72rem; padding: 1rem; font: 1rem/1.4 system-ui, sans-serif; background: #16181d; color: #e8e8e8 }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1rem; padding: 0; list-style: none }
img { display: block; width: 100%; border-radius: .3rem; background: #333 }
a { color: inherit }
small { color: #a8a8a8 }
"""


def render_page(pictures: Sequence[Picture], page: int, page_size: int, refresh_seconds: int) -> bytes:
    """Page 1 has the newest pictures. Only that one reloads itself, so that older ones can be looked at in peace."""
    first = (page - 1) * page_size
    shown = pictures[first : first + page_size]
    refresh = f'<meta http-equiv="refresh" content="{refresh_seconds}">' if page == 1 and refresh_seconds else ""
    links = []
    if page > 1:
        links.append(f'<a href="?page={page - 1}">newer</a>')
    if first + page_size < len(pictures):
        links.append(f'<a href="?page={page + 1}">older</a>')
    items = "\n".join(_item(picture) for picture in shown)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}
<title>Photo Gallery</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Photo Gallery</h1>
<p>{len(pictures)} pictures, newest first. {" ".join(links)}</p>
<ul>
{items}
</ul>
</body>
</html>
""".encode()


def _item(picture: Picture) -> str:
    # Names consist of letters, digits, "-" and "." only: nothing to escape.
    address = f"pictures/{picture.name}"
    taken = _utc(picture)
    return (
        f'<li><a href="{address}"><img src="{address}" alt="Picture {picture.number}" loading="lazy">{picture.name}</a>'
        f'<br><small><time datetime="{taken}">{taken}</time>, {picture.size} bytes</small></li>'
    )


def render_json(pictures: Sequence[Picture]) -> bytes:
    entries = [
        {
            "number": picture.number,
            "name": picture.name,
            "size": picture.size,
            "taken": _utc(picture),
            "path": f"pictures/{picture.name}",
        }
        for picture in pictures
    ]
    return json.dumps({"pictures": entries}).encode() + b"\n"


def _utc(picture: Picture) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(picture.taken))
