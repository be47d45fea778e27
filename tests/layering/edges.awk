# SPDX-License-Identifier: Apache-2.0
# Prints the edges of the include graph for tsort: kind=headers gives "includer included" for headers of the
# tree, kind=rooms the same for rooms. Files: the list of all source files, then all includes.
BEGIN { FS = "\t" }
FNR == 1 { file_number++ }
file_number == 1 { next }
$3 ~ /^"[a-z]+\/[^"]*"$/ && $1 ~ /^lib\// {
    name = substr($3, 2, length($3) - 2)
    if (name ~ /^camx\//)
        next
    split($1, from, "/")
    split(name, to, "/")
    if (kind == "rooms" && from[2] != to[1])
        print from[2], to[1]
    if (kind == "headers" && $1 ~ /\.h$/)
        print $1, "lib/" name
}
