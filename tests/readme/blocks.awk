# SPDX-License-Identifier: Apache-2.0
# Takes the marked code blocks out of a Markdown file. A block is marked by a line of its own before its fence:
#
#     <!-- test: c net.onnx cat.png makes heat.png -->
#
# The first word is the language (c, cpp, python, sh), then come the program's arguments, and after "makes" the files
# that must exist when it has run. Block number n goes to `folder`/n.code; one line "n language words..." is printed.
# Exit status 1 for a marker without a fenced block right after it, and for a block that never ends.
/^<!-- *test: .*-->[ \t]*$/ {
    if (marker != "")
        wrong("the marker before this one has no block")
    marker = $0
    sub(/^<!-- *test: */, "", marker)
    sub(/ *-->[ \t]*$/, "", marker)
    next
}
!inside && marker != "" && /^```/ {
    inside = 1
    number++
    print number, marker
    marker = ""
    next
}
inside && /^```[ \t]*$/ {
    inside = 0
    close(folder "/" number ".code")
    next
}
inside { print > (folder "/" number ".code") }
!inside && marker != "" && !/^[ \t]*$/ {
    wrong("a marked block must begin right after its marker")
    marker = ""
}
function wrong(message)
{
    printf "line %d: %s\n", NR, message > "/dev/stderr"
    bad = 1
}
END {
    if (inside || marker != "")
        wrong("the last marked block is not complete")
    exit bad
}
