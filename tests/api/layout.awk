# SPDX-License-Identifier: Apache-2.0
# Reads the public headers (through strip.awk) and writes a C program that prints how the compiler lays them
# out: size and offset of every struct field, and the number of every enumerator. Bindings are compared with
# what it prints. On the way it checks what every struct and enum must be: an options or info struct begins
# with struct_size, an enumerator has its number written out, and no number occurs twice in one enum.
/^[ \t]*#/ || directive { directive = /\\$/; next }
{ text = text " " $0 }

function fail(message)
{
    print "layout.awk: " message > "/dev/stderr"
    failed = 1
}

function trim(part)
{
    gsub(/^[ \t]+|[ \t]+$/, "", part)
    return part
}

# The name that a field's declaration declares: before an array's brackets, inside a function pointer's.
function field_name(declaration)
{
    if (match(declaration, /\(\*[a-z_0-9]+\)/))
        return substr(declaration, RSTART + 2, RLENGTH - 3)
    sub(/\[.*/, "", declaration)
    match(declaration, /[A-Za-z_0-9]+[ \t]*$/)
    return trim(substr(declaration, RSTART))
}

function write_struct(name, body,    fields, count, i, field)
{
    structs++
    printf "    printf(\"struct %s %%zu\\n\", sizeof(%s));\n", name, name
    count = split(body, fields, ";")
    for (i = 1; i < count; i++) {
        field = field_name(trim(fields[i]))
        if (i == 1 && name ~ /_(options|info|stats)$/ && field != "struct_size")
            fail("struct " name " does not begin with struct_size")
        printf "    printf(\"field %s %s %%zu %%zu\\n\", offsetof(%s, %s), sizeof(((%s *)0)->%s));\n", \
            name, field, name, field, name, field
    }
}

function write_enum(name, body,    members, count, i, pair, number)
{
    enums++
    count = split(body, members, ",")
    for (i = 1; i <= count; i++) {
        if (trim(members[i]) == "")
            continue
        if (split(members[i], pair, "=") != 2) {
            fail("in enum " name ": " trim(members[i]) " has no number of its own")
            continue
        }
        number = trim(pair[2])
        if ((name, number) in taken)
            fail("in enum " name ": " trim(pair[1]) " and " taken[name, number] " are both " number)
        taken[name, number] = trim(pair[1])
        printf "    printf(\"enum %s %s %%d\\n\", (int)%s);\n", name, trim(pair[1]), trim(pair[1])
    }
}

END {
    print "/* Written by layout.awk. */"
    print "#include <stddef.h>"
    print "#include <stdio.h>"
    print "#include \"camx/camx.h\""
    print "#include \"camx/camx_image.h\""
    print "int main(void)"
    print "{"
    while (match(text, /typedef (struct|enum) [a-z_0-9]+ *\{[^}]*\}/)) {
        one = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        body = one
        sub(/^[^{]*\{/, "", body)
        sub(/\}$/, "", body)
        split(one, words, /[ {]+/)
        if (words[2] == "struct")
            write_struct(words[3], body)
        else
            write_enum(words[3], body)
    }
    print "    return 0;"
    print "}"
    if (structs < 15 || enums < 10)
        fail("only " structs " structs and " enums " enums were found in the headers")
    exit failed
}
