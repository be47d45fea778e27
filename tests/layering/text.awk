# SPDX-License-Identifier: Apache-2.0
# Checks one text file, whose name is in `file`. Exit status 1 if something is wrong.
BEGIN {
    width = file ~ /\.(c|h|hpp|cpp|inc)$/ ? 125 : 140
    makefile = file ~ /(^|\/)Makefile$/
}
NR <= 3 && /SPDX-License-Identifier: Apache-2\.0/ { licensed = 1 }
/\t/ && !makefile { wrong("a tab") }
/[ \t\r]$/ { wrong("blanks at the end of the line") }
length($0) > width { wrong(length($0) " characters wide; at most " width) }
function wrong(message)
{
    printf "%s:%d: %s\n", file, NR, message
    bad = 1
}
END {
    if (!licensed) {
        printf "%s:1: the SPDX-License-Identifier line is missing\n", file
        bad = 1
    }
    exit bad
}
