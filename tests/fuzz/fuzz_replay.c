/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main for fuzz targets built without libFuzzer: runs the target once on every file that is
 * named, and on every file of every folder that is named, so that the corpus is an ordinary
 * test with any compiler.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int replay_file(const char *path, const struct stat *facts)
{
    size_t size = (size_t)facts->st_size;
    /* Exactly this size, so that a sanitizer sees reads past the end. */
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "rb");

    if (bytes == NULL || file == NULL || fread(bytes, 1, size, file) != size) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 1;
}

/* Returns how many files were run. */
static int replay(const char *path)
{
    struct stat facts;
    struct dirent *entry;
    DIR *folder;
    int count = 0;

    if (stat(path, &facts) != 0) {
        fprintf(stderr, "%s does not exist\n", path);
        exit(1);
    }
    if (!S_ISDIR(facts.st_mode))
        return replay_file(path, &facts);
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char name[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        count += replay(name);
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    printf("%d files\n", count);
    return count > 0 ? 0 : 1;
}
