# SPDX-License-Identifier: Apache-2.0
# Checks text files. What is wrong is printed; the number of lines of every file goes to the file `counts`, so that
# a missing newline at the end can be told by comparing with wc.
function wrong(line, message)
{
    printf "%s:%d: %s\n", name, line, message
}

function finish()
{
    if (name == "")
        return
    if (!licensed)
        wrong(1, "the SPDX-License-Identifier line is missing")
    print lines, name >> counts
}

FNR == 1 {
    finish()
    name = FILENAME
    licensed = 0
    width = name ~ /\.(c|h|hpp|cpp|inc)$/ ? 125 : 140
    tabs = name ~ /(^|\/)Makefile$/
}
FNR <= 3 && /SPDX-License-Identifier: Apache-2\.0/ { licensed = 1 }
!tabs && /\t/ { wrong(FNR, "a tab") }
/[ \t\r]$/ { wrong(FNR, "blanks at the end of the line") }
length($0) > width { wrong(FNR, length($0) " characters wide; at most " width) }
{ lines = FNR }
END { finish() }
