/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public header alone, and nothing before it: compiled as strict C11 here and as C++17 in
 * header_image.cpp. The program checks that both see the same structs.
 */
#include "camx/camx_image.h"

#include <stdio.h>

int main(void)
{
    camx_image_options reading;
    camx_write_options writing;

    camx_image_options_init(&reading);
    camx_write_options_init(&writing);
    if (reading.struct_size == sizeof reading && writing.struct_size == sizeof writing &&
        reading.max_scans == 500 && writing.quality == 92)
        return 0;
    fprintf(stderr, "the library and the header disagree about the options structs\n");
    return 1;
}
