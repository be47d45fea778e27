/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the command line by the table of options.
 */
#include "command_options.h"

#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "growing_text.h"

/* Where the parser is in argv. */
typedef struct cursor {
    int argc;
    char **argv;
    int next;
    int only_operands; /* "--" was seen */
} cursor;

const command_row *command_by_name(const char *name)
{
    for (size_t i = 0; i < command_table_size; i++) {
        if (strcmp(command_table[i].name, name) == 0) {
            return &command_table[i];
        }
    }
    return NULL;
}

const command_row *command_by_bit(int command)
{
    for (size_t i = 0; i < command_table_size; i++) {
        if (command_table[i].command == command) {
            return &command_table[i];
        }
    }
    return NULL;
}

static const char *command_name(const options *o)
{
    const command_row *row = command_by_bit(o->command);

    return row != NULL ? row->name : "--help";
}

/* Options of the program itself, before any command, are those that every command has. */
static int belongs(const option_row *row, const options *o)
{
    return o->command != 0 ? (row->commands & o->command) != 0 : row->commands == COMMAND_ALL;
}

static const option_row *find_long(const options *o, const char *name, size_t length)
{
    for (size_t i = 0; i < option_table_size; i++) {
        const option_row *row = &option_table[i];

        if (belongs(row, o) && strlen(row->name) == length &&
            memcmp(row->name, name, length) == 0) {
            return row;
        }
    }
    return NULL;
}

static const option_row *find_letter(const options *o, char letter)
{
    for (size_t i = 0; i < option_table_size; i++) {
        if (belongs(&option_table[i], o) && option_table[i].letter == letter) {
            return &option_table[i];
        }
    }
    return NULL;
}

/* Tells that there is no such option and which one may have been meant. */
static int unknown_option(const options *o, const char *word)
{
    const option_row *nearest = NULL;
    unsigned best = 3;
    size_t length = strcspn(word, "=");
    char *name = string_copy(word + 2, length >= 2 ? length - 2 : 0);

    for (size_t i = 0; name != NULL && i < option_table_size; i++) {
        const option_row *row = &option_table[i];
        unsigned distance = name_distance(row->name, name, best);

        if (belongs(row, o) && distance < best) {
            best = distance;
            nearest = row;
        }
    }
    free(name);
    if (nearest != NULL) {
        console_error("there is no option %.*s; did you mean --%s?", (int)length, word,
                      nearest->name);
    } else {
        console_error("there is no option %.*s; see camx %s%s", (int)length, word, command_name(o),
                      o->command != 0 ? " --help" : "");
    }
    return 2;
}

/* "one of a, b, c" in o->wanted. */
static const char *want_choice(options *o, const choice *choices)
{
    text list = {0};

    text_put(&list, "one of ");
    for (const choice *c = choices; c->name != NULL; c++) {
        text_format(&list, "%s%s", c != choices ? ", " : "", c->name);
    }
    snprintf(o->wanted, sizeof o->wanted, "%s", text_string(&list));
    text_free(&list);
    return o->wanted;
}

static const char *store(options *o, const option_row *row, const char *value)
{
    char *place = (char *)o + row->place;

    if (row->apply != NULL) {
        return row->apply(o, value);
    }
    if (row->choices != NULL) {
        return value_choice(value, row->choices, (int32_t *)(void *)place)
                   ? NULL
                   : want_choice(o, row->choices);
    }
    *(int *)(void *)place = 1;
    return NULL;
}

static int apply(options *o, const option_row *row, const char *value)
{
    const char *wanted = store(o, row, value);

    if (wanted != NULL) {
        console_error("--%s wants %s, not '%s'", row->name, wanted, value);
        return 2;
    }
    return 0;
}

static int missing_value(const option_row *row)
{
    console_error("--%s wants a value: --%s %s", row->name, row->name, row->value);
    return 2;
}

/* --name, --name VALUE or --name=VALUE */
static int parse_long(options *o, cursor *c, const char *word)
{
    size_t length = strcspn(word + 2, "=");
    const char *value = word[2 + length] == '=' ? word + 3 + length : NULL;
    const option_row *row = find_long(o, word + 2, length);

    if (row == NULL) {
        return unknown_option(o, word);
    }
    if (row->value == NULL) {
        if (value != NULL) {
            console_error("--%s takes no value", row->name);
            return 2;
        }
        return apply(o, row, NULL);
    }
    if (value == NULL) {
        if (c->next == c->argc) {
            return missing_value(row);
        }
        value = c->argv[c->next++];
    }
    return apply(o, row, value);
}

/* -q, -qj, -o VALUE or -oVALUE */
static int parse_letters(options *o, cursor *c, const char *word)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const option_row *row = find_letter(o, *letter);
        const char *value = letter + 1;
        int code;

        if (row == NULL) {
            console_error("there is no option -%c; see camx %s%s", *letter, command_name(o),
                          o->command != 0 ? " --help" : "");
            return 2;
        }
        if (row->value == NULL) {
            code = apply(o, row, NULL);
            if (code != 0) {
                return code;
            }
            continue;
        }
        if (*value == '\0') {
            if (c->next == c->argc) {
                return missing_value(row);
            }
            value = c->argv[c->next++];
        }
        return apply(o, row, value);
    }
    return 0;
}

static int unknown_command(const char *word)
{
    const char *nearest = NULL;
    unsigned best = 4;

    for (size_t i = 0; i < command_table_size; i++) {
        unsigned distance = name_distance(command_table[i].name, word, best);

        if (distance < best) {
            best = distance;
            nearest = command_table[i].name;
        }
    }
    if (nearest != NULL) {
        console_error("there is no command '%s'; did you mean camx %s?", word, nearest);
    } else {
        console_error("there is no command '%s'; see camx --help", word);
    }
    return 2;
}

static int parse_operand(options *o, const char *word)
{
    if (o->command == 0) {
        const command_row *row = command_by_name(word);

        if (strcmp(word, "help") == 0 && !o->help) {
            o->help = 1; /* `camx help` and `camx help explain` */
            return 0;
        }
        if (row == NULL) {
            return unknown_command(word);
        }
        o->command = row->command;
    } else if (o->model == NULL) {
        o->model = word;
    } else {
        o->images.at[o->images.count++] = word;
    }
    return 0;
}

static int parse_word(options *o, cursor *c)
{
    const char *word = c->argv[c->next++];

    if (c->only_operands || word[0] != '-' || word[1] == '\0') {
        return parse_operand(o, word);
    }
    if (strcmp(word, "--") == 0) {
        c->only_operands = 1;
        return 0;
    }
    return word[1] == '-' ? parse_long(o, c, word) : parse_letters(o, c, word);
}

/* What belongs to --box and --mask. */
static int check_region(const options *o)
{
    int given = o->has_region_box || o->mask != NULL;

    if (o->has_region_box && o->mask != NULL) {
        console_error("--box and --mask cannot be used together");
        return 0;
    }
    if (o->csv && (o->json || !given)) {
        console_error(o->json ? "--csv and --json cannot be used together"
                              : "--csv is the table of --box or --mask: give one of them");
        return 0;
    }
    return 1;
}

/* What cannot be told option by option. */
static int check_together(const options *o)
{
    const command_row *row = command_by_bit(o->command);
    int takes_images = (o->command & (COMMAND_EXPLAIN | COMMAND_CLASSIFY | COMMAND_PROGRESS)) != 0;
    int takes_one = (o->command & (COMMAND_PROFILE | COMMAND_DREAM)) != 0;
    size_t most = takes_images ? SIZE_MAX : takes_one ? 1 : 0;

    if (row == NULL) {
        console_error("which command? see camx --help");
        return 2;
    }
    if (o->model == NULL || (takes_images && o->images.count == 0)) {
        console_error("%s is missing: camx %s %s", o->model == NULL ? "the model" : "the picture",
                      row->name, row->operands);
        return 2;
    }
    if (o->images.count > most) {
        console_error("camx %s takes a model and %s, but here is '%s'", row->name,
                      most == 0 ? "nothing else" : "at most one picture", o->images.at[most]);
        return 2;
    }
    if (o->command == COMMAND_PROFILE && o->layers.count > (size_t)o->backward) {
        console_error(o->backward ? "camx profile goes back to one --layer, but there are several"
                                  : "--layer makes no difference without --backward");
        return 2;
    }
    if (o->command == COMMAND_PROGRESS && (o->method_count > 1 || o->classes.count > 1)) {
        console_error("camx progress shows one method and one class");
        return 2;
    }
    if (o->command == COMMAND_EXPLAIN && !check_region(o)) {
        return 2;
    }
    if (o->top > 0 && o->command == COMMAND_EXPLAIN && o->classes.count > 0) {
        console_error("--top and --class cannot be used together");
        return 2;
    }
    return 0;
}

static void set_defaults(options *o)
{
    *o = (options){0};
    camx_occlusion_options_init(&o->occlusion);
    camx_box_options_init(&o->boxes);
    o->mask_level = 128;
    o->runs = 10;
    o->colormap = -1;
    o->alpha = -1;
    o->noise = -1;
    o->scaling = -1;
    o->fit = -1;
    o->filter = -1;
    o->preset = CAMX_PRESET_AUTO;
}

/* No list can be longer than the command line. */
static int reserve_words(options *o, int argc)
{
    words *lists[] = {&o->images, &o->classes, &o->layers, &o->maps};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        lists[i]->at = calloc((size_t)argc + 1, sizeof *lists[i]->at);
        if (lists[i]->at == NULL) {
            return 0;
        }
    }
    return 1;
}

int options_parse(options *o, int argc, char **argv)
{
    cursor c = {argc, argv, 1, 0};

    set_defaults(o);
    if (!reserve_words(o, argc)) {
        console_error("there is not enough memory");
        return 4;
    }
    while (c.next < argc) {
        int code = parse_word(o, &c);

        if (code != 0) {
            return code;
        }
    }
    if (o->help || o->version) {
        return 0;
    }
    o->sheet |= o->command == COMMAND_PROGRESS; /* the strip */
    return check_together(o);
}

void options_free(options *o)
{
    for (size_t i = 0; i < o->found_count; i++) {
        free(o->found[i]);
    }
    free(o->found);
    free(o->images.at);
    free(o->classes.at);
    free(o->layers.at);
    free(o->maps.at);
    *o = (options){0};
}
