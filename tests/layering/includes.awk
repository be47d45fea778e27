# SPDX-License-Identifier: Apache-2.0
# Checks every include against the table in docs/architecture.md (the first file). The second file lists all
# source files, the third all includes as "file<TAB>line<TAB>included". Prints what is wrong; exit status 1 then.
BEGIN {
    FS = "\t"
    # Headers of other libraries, and which files may know them.
    special["<cblas.h>"] = "^lib/kernels/gemm"
    special["<openblas_config.h>"] = "^lib/kernels/gemm"
    special["<png.h>"] = "^lib/image/"
    special["<jpeglib.h>"] = "^lib/image/"
    special["<jerror.h>"] = "^lib/image/"
    special["<turbojpeg.h>"] = "^lib/image/"
    special["<opencv2/core.hpp>"] = "^bindings/cpp/camx_opencv"
}

FNR == 1 { file_number++ }

# The table: rows "| `room` | `a`, `b` |" under the heading.
file_number == 1 && /^#+ / { in_table = ($0 ~ /Which room may include which/) }
file_number == 1 && in_table && /^\| *`/ {
    split($0, cells, "|")
    gsub(/[` ]/, "", cells[2])
    gsub(/[` ]/, "", cells[3])
    room = cells[2]
    rooms[room] = 1
    count = split(cells[3], names, ",")
    for (i = 1; i <= count; i++)
        if (names[i] ~ /^[a-z]+$/)
            allowed[room, names[i]] = 1
    next
}
file_number == 1 { next }

file_number == 2 {
    known[$0] = 1
    room = room_of($0)
    if (room == "") {
        if ($0 ~ /^lib\//)
            wrong($0, 1, "lies in no room")
    } else if (!(room in rooms)) {
        wrong($0, 1, "the room " room " is missing in the table of docs/architecture.md")
    }
    next
}

file_number == 3 { check($1, $2, $3) }

function wrong(file, line, message)
{
    printf "%s:%d: %s\n", file, line, message
    bad = 1
}

# "kernels" for lib/kernels/gemm.c; "src" and "cpp" for what stands outside lib/.
function room_of(file,    parts, count)
{
    count = split(file, parts, "/")
    if (parts[1] == "lib")
        return count == 3 ? parts[2] : ""
    return parts[1] == "src" ? "src" : "cpp"
}

function check(file, line, included,    name, room, parts)
{
    room = room_of(file)
    if (included in special) {
        if (file !~ special[included])
            wrong(file, line, included " is not for this room")
        return
    }
    if (included ~ /^</) {
        if (included ~ /^<(camx|base|tensor|kernels|onnx|ops|graph|plan|run|input|map|explain|picture|api)\//)
            wrong(file, line, included ": headers of this tree are included with quotes")
        return
    }
    name = substr(included, 2, length(included) - 2)
    if (name ~ /^camx\//)
        return
    if (name !~ /\//) {
        check_neighbour(file, line, name, room)
        return
    }
    split(name, parts, "/")
    if (room != parts[1] && !((room, parts[1]) in allowed))
        wrong(file, line, "the room " room " may not include \"" name "\"")
    else if (!(("lib/" name) in known))
        wrong(file, line, "\"" name "\" does not exist in lib/")
}

# A bare name is for what stands outside lib/ (and libcamx-image), beside the including file.
function check_neighbour(file, line, name, room,    folder)
{
    folder = file
    sub(/[^\/]*$/, "", folder)
    if (!((folder name) in known))
        wrong(file, line, "\"" name "\" is not beside this file")
    else if (file ~ /^lib\// && room != "image")
        wrong(file, line, "\"" name "\": write \"" room "/" name "\"")
}

END {
    for (room in rooms)
        total++
    if (total < 10)
        wrong("docs/architecture.md", 1, "the table \"Which room may include which\" was not found")
    exit bad
}
