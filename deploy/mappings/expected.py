#!/usr/bin/env python3
"""Counts from the files alone what importing them must give: accepted, duplicate, amended, parked, cases of each kind.

Usage: expected.py DATA_FOLDER [--json]. A second run over the same file must accept nothing.
"""

import csv
import datetime
import json
import pathlib
import re
import sys
import tomllib
import zoneinfo

HERE = pathlib.Path(__file__).parent
FILES = [
    ("nyc311.toml", "nyc311-2000.csv"),
    ("boston311.toml", "boston311-100.csv"),
    ("boston311.toml", "boston311-100-20dupes-random.csv"),
    ("boston311.toml", "boston311-100-deduped.csv"),
]


class Parked(Exception):
    pass


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", "".join(c.lower() if c.isascii() else " " for c in text)).strip("-")


def joined(row, spec):
    cells = (" ".join(row[c].split()) for c in spec["columns"])
    return spec["join"].join(c for c in cells if c) or None


def report(row, m):
    ident = row[m["id"]["column"]].strip()
    if not ident:
        raise Parked("id is empty")
    cell = row[m["kind"]["column"]].strip()
    kind = m["kind"].get("codes", {}).get(cell)
    if kind is None:
        if not slug(cell):
            raise Parked("kind is empty")
        kind = m["kind"]["prefix"] + slug(cell)
    when = m["occurred_at"]
    zone = zoneinfo.ZoneInfo(when["time_zone"])
    try:
        local = datetime.datetime.strptime(row[when["column"]].strip(), when["format"])
    except ValueError as error:
        raise Parked("time cannot be read") from error
    instant = local.replace(tzinfo=zone)
    if instant.astimezone(datetime.timezone.utc).astimezone(zone).replace(tzinfo=None) != local:
        raise Parked("the clocks skip this time")
    lon, lat = (row[m["location"][k]].strip() for k in ("lon", "lat"))
    place = None
    if lon or lat:
        try:
            place = (float(lon), float(lat))
        except ValueError as error:
            raise Parked("half a position") from error
        if not (abs(place[0]) <= 180 and abs(place[1]) <= 90):
            raise Parked("not on the Earth")
    return ident, (kind, instant.astimezone(datetime.timezone.utc).isoformat(), place, joined(row, m["text"]), joined(row, m["address"]))


def count(mapping, path):
    m = tomllib.loads((HERE / mapping).read_text(encoding="utf-8"))
    seen, kinds = {}, {}
    out = {"file": path.name, "mapping": mapping, "rows": 0, "accepted": 0, "duplicates": 0, "amended": 0, "parked": 0,
           "with_location": 0, "with_address": 0, "without_both": 0}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            out["rows"] += 1
            try:
                ident, content = report(row, m)
            except Parked:
                out["parked"] += 1
                continue
            if ident in seen:
                out["duplicates" if seen[ident] == content else "amended"] += 1
                continue
            seen[ident] = content
            out["accepted"] += 1
            kinds[content[0]] = kinds.get(content[0], 0) + 1
            out["with_location"] += content[2] is not None
            out["with_address"] += content[4] is not None
            out["without_both"] += content[2] is None and content[4] is None
    out["cases"] = sum(kinds.values())
    out["cases_by_kind"] = dict(sorted(kinds.items()))
    return out


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if folder is None or not folder.is_dir():
        print("usage: expected.py DATA_FOLDER [--json]", file=sys.stderr)
        return 2
    for mapping, name in FILES:
        out = count(mapping, folder / name)
        if "--json" in sys.argv:
            print(json.dumps(out, ensure_ascii=False))
            continue
        kinds = out.pop("cases_by_kind")
        print(" ".join(f"{k}={v}" for k, v in out.items()), f"kinds={len(kinds)}")
        for kind, n in kinds.items():
            print(f"  {n:5} {kind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
