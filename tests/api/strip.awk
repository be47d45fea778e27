# SPDX-License-Identifier: Apache-2.0
# strip(line): a line of C source without comments and without the contents of texts and characters; with
# strip_keep_texts set, texts stay as they are (to read #include "..."). Lines keep their numbers. Call it on every
# line of a file in order, and strip_begin() before the first.
#
# Used together with what needs it: awk -f strip.awk -f other.awk; alone with -f strip_print.awk.
function strip_begin()
{
    strip_in_comment = 0
}

function strip(line,    out, n, i, c, two, start)
{
    if (strip_in_comment && !index(line, "*/"))
        return ""
    if (!strip_in_comment && line !~ /["'\/]/)
        return line
    out = ""
    n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (strip_in_comment) {
            if (two == "*/") {
                strip_in_comment = 0
                i++
            }
        } else if (two == "/*") {
            strip_in_comment = 1
            out = out " "
            i++
        } else if (two == "//") {
            break
        } else if (c == "\"" || c == "'") {
            start = i
            for (i++; i <= n && substr(line, i, 1) != c; i++)
                if (substr(line, i, 1) == "\\")
                    i++
            out = out (strip_keep_texts ? substr(line, start, i - start + 1) : c c)
        } else {
            out = out c
        }
    }
    return out
}
