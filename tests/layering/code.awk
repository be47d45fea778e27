# SPDX-License-Identifier: Apache-2.0
# Checks C code whose comments and texts were taken out by strip.awk; the file's name is in `file`. Exit status 1
# if something is wrong.
#
# A function begins with a "{" alone in column 1 after a line that starts in column 1 and has a "(" (or with a "{" at
# the end of such a line) and ends with a "}" in column 1.
BEGIN {
    lib = file ~ /^lib\//
    longest = file ~ /^lib\/kernels\// ? 150 : 100
    if (file ~ /^tests\//)
        longest = 200
    banned = "malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|alloca" \
        "|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror" \
        "|exit|_exit|abort|raise|signal|system|setlocale|srand|rand" \
        "|sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|atoll|atof|gets|scanf|sscanf"
    memory = file == "lib/base/memory.c" || file == "lib/image/image_memory.c"
}

lib { check_calls() }

/^[A-Za-z_].*\(/ && !/;[ \t]*$/ { signature = NR }
/^\{[ \t]*$/ && signature { start = signature }
/^[A-Za-z_].*\).*\{[ \t]*$/ && !/^(typedef|struct|enum|union|namespace|class|template|extern)[^(]*$/ { start = NR }
/^\}/ {
    if (start && NR - start + 1 > longest)
        wrong(start, "a function of " (NR - start + 1) " lines; at most " longest)
    start = 0
    signature = 0
}
/;[ \t]*$/ && !start { signature = 0 }

# Calls of banned names: as a word of its own, not a member (x->free, x.free), not a declared field.
function check_calls(    rest, before, name)
{
    rest = $0
    while (match(rest, "(^|[^A-Za-z0-9_])(" banned ")[ \t]*\\(")) {
        before = substr(rest, 1, RSTART)
        name = substr(rest, RSTART, RLENGTH)
        gsub(/[^A-Za-z0-9_]/, "", name)
        if (before !~ /(->|\.)$/ && !(memory && name ~ /^(malloc|free|realloc|calloc|posix_memalign|aligned_alloc)$/))
            wrong(NR, name "() must not be called in lib/")
        rest = substr(rest, RSTART + RLENGTH)
    }
}

function wrong(line, message)
{
    printf "%s:%d: %s\n", file, line, message
    bad = 1
}

END { exit bad }
