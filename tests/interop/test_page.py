#!/usr/bin/python3
"""psmith_wire.py has every message, structure and field of the man page that
is named on the command line, with its number, type and default."""
import re
import sys

from check import check, passed, same
from psmith_wire import FIELDS, MESSAGES, PARTS

SHORT = {"u32": "u", "u64": "u", "f32": "f", "f64": "f", "bool": "b",
         "string": "s"}


def type_of(text):
    if text.startswith("array of "):
        return f"[{type_of(text[9:])}]"
    if re.fullmatch(r"\d+ to \d+", text):
        return "u"
    return SHORT.get(text, text)


def default_of(kind, remark):
    found = re.search(r'default "?([\w.-]+)"?$', remark)
    if not found:
        return {"u": 0, "f": 0, "b": False, "s": ""}.get(kind)
    if kind == "b":
        return found.group(1) == "true"
    return found.group(1) if kind == "s" else float(found.group(1))


def tables_of(page):
    """({message: type number}, {name: [(number, name, type, default)]})"""
    numbers, tables, name = {}, {}, None
    for line in page.split("\n"):
        message = re.match(r"\.Ss (\w+) \(type (\d+)\)", line)
        part = re.match(r"\.Ss ([A-Z]\w+)$", line)
        if message:
            name = message.group(1)
            numbers[name] = int(message.group(2))
            tables[name] = []
        elif part:
            name = part.group(1)
            tables[name] = []
        elif line.startswith(".S"):
            name = None
        elif name and re.match(r"\.It \d+ Ta", line):
            number, field, kind, remark = line[4:].split(" Ta ")
            kind = type_of(kind)
            tables[name].append((int(number), field, kind,
                                 default_of(kind, remark)))
    return numbers, {name: table for name, table in tables.items()
                     if name in numbers or table}


with open(sys.argv[1]) as file:
    numbers, tables = tables_of(file.read())
same({name: number for name, (number, _) in MESSAGES.items()}, numbers,
     "messages")
same(set(FIELDS), set(tables), "messages and structures")
for name, fields in FIELDS.items():
    same(fields, tables[name], name)
check(len(tables) == len(MESSAGES) + len(PARTS) > 50, "too few tables")
passed()
