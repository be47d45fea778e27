/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the backend tests that ONNX publishes (Debian's package libonnx-testdata) and counts.
 *
 * run_node_tests UNSUPPORTED_LIST RESULT.json MINIMUM [PATTERN]
 *
 * A case that does not pass has failed, unless the list (unsupported.txt) names an operator or a
 * type that its file has, or the case itself. Fewer than MINIMUM passing cases (without those of
 * the folder "simple") are a failure as well. PATTERN runs only the cases that it matches, says why
 * each of them did not pass, and writes no result. CAMX_ONNX_TESTDATA says where the data is if it
 * is not in its usual place. Without data: exit code 77.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node_case.h"
#include "node_scan.h"
#include "ops/op.h"

#define DATA_FOLDER "/usr/share/libonnx-testdata/data"
#define MAX_RULES 300

typedef struct rule {
    char kind[16]; /* "operator", "type", "case" */
    char name[80];
    int used;
} rule;

typedef struct totals {
    int passed;
    int failed;
    int unsupported;
    int counted; /* passed in the folders that the goal is about */
} totals;

typedef struct tests {
    const char *data;
    const char *pattern; /* NULL = all */
    int rule_count;
    rule rules[MAX_RULES];
    totals totals;
} tests;

/* ---- the list ---- */

static bool read_list(tests *t, const char *path)
{
    char line[400];
    char reason[200];
    FILE *file = fopen(path, "r");
    bool good = file != NULL;
    if (file == NULL)
        fprintf(stderr, "%s cannot be read\n", path);
    while (good && fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        rule *r = &t->rules[t->rule_count];
        good = t->rule_count + 1 < MAX_RULES &&
               sscanf(line, "%15s %79s %199[^\n]", r->kind, r->name, reason) == 3 &&
               (strcmp(r->kind, "operator") == 0 || strcmp(r->kind, "type") == 0 ||
                strcmp(r->kind, "case") == 0);
        if (!good)
            fprintf(stderr, "%s: not a kind, a name and a reason: %s", path, line);
        t->rule_count++;
    }
    if (file != NULL)
        fclose(file);
    return good;
}

/* An operator that exists cannot be on the list. */
static bool check_list(const tests *t)
{
    bool good = true;
    for (int i = 0; i < t->rule_count; i++)
        if (strcmp(t->rules[i].kind, "operator") == 0 && camx__op_find(t->rules[i].name) != NULL) {
            fprintf(stderr, "the list says that %s is not supported, but it is\n",
                    t->rules[i].name);
            good = false;
        }
    return good;
}

static bool applies(const rule *r, const char *name, const node_scan *scan)
{
    if (strcmp(r->kind, "case") == 0)
        return fnmatch(r->name, name, 0) == 0;
    bool operators = strcmp(r->kind, "operator") == 0;
    for (int i = 0; i < (operators ? scan->operators : scan->types); i++)
        if (fnmatch(r->name, operators ? scan->operator_name[i] : scan->type_name[i], 0) == 0)
            return true;
    return false;
}

static bool is_listed(tests *t, const char *folder, const char *name)
{
    char path[600];
    node_scan scan;
    size_t size = 0;
    bool listed = false;
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    unsigned char *bytes = node_read_file(path, &size);
    if (bytes == NULL || !node_scan_model(bytes, size, &scan))
        memset(&scan, 0, sizeof scan);
    free(bytes);
    for (int i = 0; i < t->rule_count; i++)
        if (applies(&t->rules[i], name, &scan)) {
            t->rules[i].used++;
            listed = true;
        }
    return listed;
}

/* ---- cases ---- */

static void run_case(tests *t, const char *folder, const char *name, bool counted)
{
    char reason[700];
    bool passed = node_case_run(folder, reason, sizeof reason);
    if (passed) {
        t->totals.passed++;
        t->totals.counted += counted;
    } else if (is_listed(t, folder, name)) {
        t->totals.unsupported++;
    } else {
        t->totals.failed++;
        printf("FAILED %s: %s\n", name, reason);
    }
    if (t->pattern != NULL)
        printf("%s: %s\n", name, passed ? "passed" : reason);
}

static int is_case(const struct dirent *entry)
{
    return strncmp(entry->d_name, "test_", 5) == 0;
}

/* The cases of one folder; false if there is no such folder. */
static bool run_folder(tests *t, const char *kind, bool counted)
{
    char folder[700];
    struct dirent **entries = NULL;
    snprintf(folder, sizeof folder, "%s/%s", t->data, kind);
    int count = scandir(folder, &entries, is_case, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        snprintf(folder, sizeof folder, "%s/%s/%s", t->data, kind, name);
        if (t->pattern == NULL || fnmatch(t->pattern, name, 0) == 0)
            run_case(t, folder, name, counted);
        free(entries[i]);
    }
    free(entries);
    return count > 0;
}

static bool write_result(const char *path, const totals *sum)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "%s cannot be written\n", path);
        return false;
    }
    fprintf(file, "{\"passed\": %d, \"failed\": %d, \"unsupported\": %d}\n", sum->passed,
            sum->failed, sum->unsupported);
    return fclose(file) == 0;
}

int main(int count, char **arguments)
{
    static tests t;
    const char *data = getenv("CAMX_ONNX_TESTDATA");
    if (count < 4 || count > 5) {
        fprintf(stderr, "usage: %s UNSUPPORTED_LIST RESULT.json MINIMUM [PATTERN]\n", arguments[0]);
        return 2;
    }
    long minimum = strtol(arguments[3], NULL, 10);
    t.data = data != NULL ? data : DATA_FOLDER;
    t.pattern = count > 4 ? arguments[4] : NULL;
    if (!read_list(&t, arguments[1]) || !check_list(&t))
        return 1;
    if (!run_folder(&t, "node", true)) {
        printf("skipped: there is no test data in %s; install libonnx-testdata (Debian, Ubuntu)\n",
               t.data);
        return 77;
    }
    run_folder(&t, "pytorch-converted", true);
    run_folder(&t, "pytorch-operator", true);
    run_folder(&t, "simple", false);
    for (int i = 0; i < t.rule_count && t.pattern == NULL && data == NULL; i++)
        if (t.rules[i].used == 0)
            printf("no case needed this line of the list: %s %s\n", t.rules[i].kind,
                   t.rules[i].name);
    printf("%d passed, %d failed, %d unsupported\n", t.totals.passed, t.totals.failed,
           t.totals.unsupported);
    if (t.pattern != NULL)
        return t.totals.failed > 0;
    if (!write_result(arguments[2], &t.totals))
        return 1;
    if (t.totals.counted < minimum)
        printf("without the folder simple only %d passed; %ld are needed\n", t.totals.counted,
               minimum);
    return t.totals.failed > 0 || t.totals.counted < minimum;
}
