# SPDX-License-Identifier: Apache-2.0
# Checks C code: awk -f strip.awk -f code.awk FILE... What is wrong is printed.
#
# A function begins with a "{" alone in column 1 after a line that starts in column 1 and has a "(" (or with a "{" at
# the end of such a line) and ends with a "}" in column 1.
BEGIN {
    banned = "malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|alloca" \
        "|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror" \
        "|exit|_exit|abort|raise|signal|system|setlocale|srand|rand" \
        "|sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|atoll|atof|gets|scanf|sscanf"
    call = "(^|[^A-Za-z0-9_])(" banned ")[ \t]*\\("
    heap = "^(malloc|free|realloc|calloc|posix_memalign|aligned_alloc)$"
}

FNR == 1 {
    strip_begin()
    lib = FILENAME ~ /^lib\//
    longest = FILENAME ~ /^lib\/kernels\// ? 150 : FILENAME ~ /^tests\// ? 200 : 100
    memory = FILENAME == "lib/base/memory.c" || FILENAME == "lib/image/image_memory.c"
    start = signature = 0
}

{ code = strip($0) }
lib && code ~ call { check_calls(code) }

code ~ /^[A-Za-z_].*\(/ && code !~ /;[ \t]*$/ { signature = FNR }
code ~ /^\{[ \t]*$/ && signature { start = signature }
code ~ /^[A-Za-z_].*\).*\{[ \t]*$/ { start = FNR }
code ~ /^\}/ {
    if (start && FNR - start + 1 > longest)
        wrong(start, "a function of " (FNR - start + 1) " lines; at most " longest)
    start = signature = 0
}
code ~ /;[ \t]*$/ && !start { signature = 0 }

# Calls of banned names, each as a word of its own and not as a member (x->free, x.free).
function check_calls(rest,    before, name)
{
    while (match(rest, call)) {
        before = substr(rest, 1, RSTART)
        name = substr(rest, RSTART, RLENGTH)
        gsub(/[^A-Za-z0-9_]/, "", name)
        if (before !~ /(->|\.)$/ && !(memory && name ~ heap))
            wrong(FNR, name "() must not be called in lib/")
        rest = substr(rest, RSTART + RLENGTH)
    }
}

function wrong(line, message)
{
    printf "%s:%d: %s\n", FILENAME, line, message
}
