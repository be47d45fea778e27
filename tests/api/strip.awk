# SPDX-License-Identifier: Apache-2.0
# Prints C source without comments and without the contents of texts and characters; lines keep their
# numbers, so that what reads the output can name them. Preprocessor lines stay.
#
# keep_texts=1 leaves texts as they are (to read #include "...").
BEGIN { in_comment = 0 }
{
    out = ""
    n = length($0)
    for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                i++
            }
        } else if (two == "/*") {
            in_comment = 1
            out = out " "
            i++
        } else if (two == "//") {
            break
        } else if (c == "\"" || c == "'") {
            start = i
            for (i++; i <= n && substr($0, i, 1) != c; i++)
                if (substr($0, i, 1) == "\\")
                    i++
            out = out (keep_texts ? substr($0, start, i - start + 1) : c c)
        } else {
            out = out c
        }
    }
    print out
}
