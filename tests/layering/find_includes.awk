# SPDX-License-Identifier: Apache-2.0
# Prints every #include of C files as "file<TAB>line<TAB>included": awk -v strip_keep_texts=1 -f strip.awk -f
# find_includes.awk FILE...
FNR == 1 { strip_begin() }
{ code = strip($0) }
match(code, /^[ \t]*#[ \t]*include[ \t]*/) {
    name = substr(code, RLENGTH + 1)
    sub(/[ \t].*/, "", name)
    printf "%s\t%d\t%s\n", FILENAME, FNR, name
}
