#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Turns the list of ImageNet's class names (one a line) into a C table.
# usage: imagenet_names.sh imagenet_classes.txt imagenet_names.c
set -eu
names=$1
table=$2
lines=$(wc -l <"$names")
if [ "$lines" -ne 1000 ]; then
    echo "$0: $names has $lines lines, not 1000" >&2
    exit 1
fi
{
    echo '/* Made by src/imagenet_names.sh from docs/demo/imagenet_classes.txt: do not edit. */'
    echo '#include "imagenet_names.h"'
    echo
    echo 'const char *const imagenet_names[IMAGENET_CLASSES] = {'
    sed -e 's/[\\"]/\\&/g' -e 's/.*/    "&",/' "$names"
    echo '};'
} >"$table"
