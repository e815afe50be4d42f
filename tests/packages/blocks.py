#!/usr/bin/env python3
"""The code blocks of a page, for pages.sh: blocks.py PAGE DIR makes DIR/NN for each, with a file for each thing it has.

A block is indented by four blanks, or fenced; it is a script for bash. If a line of it begins with a prompt ("# ", "$ ", the latter with
a word behind it), then such lines are the script, and the others what it prints. HTML comments before it, each on its own line,
say what a reader need not see:

    <!-- before: COMMANDS -->   run before it      <!-- after: COMMANDS -->   run after it
    <!-- expect: TEXT -->       it prints that     <!-- may fail -->          its exit status tells nothing
    <!-- file PATH -->          it is no script, but what is written into this file
    <!-- suite NAME: WHY -->    that suite runs it
    <!-- place NAME -->         it runs in another place than the page's others
"""
import os
import re
import sys

KEYS = ("before", "after", "expect", "may fail", "file", "suite", "place")


def blocks(lines):
    """(line number, comments, text) of each block."""
    said, at = [], 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            first, text = at + 1, []
            at += 1
            while at < len(lines) and not lines[at].startswith("```"):
                text.append(lines[at])
                at += 1
            at += 1
        elif line.startswith("    ") and (at == 0 or not lines[at - 1] or said):
            first, text = at + 1, []
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at]):
                text.append(lines[at][4:])
                at += 1
        else:
            comment = re.fullmatch(r"<!-- (%s):? ?(.*?) ?-->" % "|".join(KEYS), line)
            if comment:
                said.append(comment.groups())
            elif line.startswith("<!-- ") and re.match(r"<!-- (%s)\b" % "|".join(KEYS), line):
                sys.exit("line %d: a comment that does not end" % (at + 1))
            elif line:
                if said:
                    sys.exit("line %d: a comment for a block, and no block" % (at + 1))
            at += 1
            continue
        yield first, dict(said), "\n".join(text).rstrip("\n") + "\n"
        said = []


def script(text):
    """What of it is typed in."""
    lines = text.splitlines()
    if not any(re.match(r"# \S|\$ \S", line) for line in lines[:1]):
        return text
    typed, more = [], False
    for line in lines:
        if more or re.match(r"# \S|\$ \S", line):
            typed.append(line if more else line[2:])
            more = line.endswith("\\")
    return "\n".join(typed) + "\n"


def main():
    page, folder = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, (line, said, text) in enumerate(blocks(lines)):
        where = os.path.join(folder, "%02d" % number)
        os.makedirs(where)
        said["line"] = str(line)
        said["text"] = text if "file" in said else script(text)
        for key, value in said.items():
            with open(os.path.join(where, key.replace(" ", "-")), "w", encoding="utf-8") as file:
                file.write(value)


main()
