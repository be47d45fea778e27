/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --help: for every command examples first, then its options from the table.
 */
#include "command_options.h"

#include <string.h>

#include "growing_text.h"

enum { TEXT_COLUMN = 26, LAST_COLUMN = 79 };

const command_row command_table[] = {
    {COMMAND_EXPLAIN, "explain", "MODEL IMAGE...", "where did the network look? writes heat maps",
     "Examples:\n"
     "  camx explain net.onnx cat.jpg                      Grad-CAM for the best class\n"
     "  camx explain net.onnx cat.jpg -m all --sheet       every method and a contact sheet\n"
     "  camx explain net.onnx cat.jpg -c tabby -c lynx     two classes, by name\n"
     "  camx explain net.onnx cat.jpg -c tabby --against lynx\n"
     "                                                     why a tabby and not a lynx?\n"
     "  camx explain net.onnx cat.jpg -l layer3            an earlier layer\n"
     "  camx explain net.onnx *.jpg -o maps --json         many pictures, results as JSON\n"
     "  camx explain net.onnx cat.jpg --boxes              boxes around the heat\n"
     "  camx explain net.onnx photos --mask masks --csv    object or background?\n"
     "\n"
     "Writes IMAGE-METHOD.png (with the layer and the class in its name when there are\n"
     "several) into the current folder or the one that -o names, and prints the names of\n"
     "the files it wrote. A photograph is never overwritten. IMAGE is a PNG or JPEG file or\n"
     "a folder of them, - is standard input.\n"},
    {COMMAND_PROGRESS, "progress", "MODEL IMAGE...", "from the first layers to the last: a map at every stage",
     "Examples:\n"
     "  camx progress net.onnx cat.jpg                     Grad-CAM at every stage\n"
     "  camx progress net.onnx cat.jpg -c tabby            for a class of your choice\n"
     "  camx progress net.onnx cat.jpg -o strip.png        the strip alone\n"
     "  camx progress net.onnx cat.jpg -m gradcampp --raw  another method, raw maps too\n"
     "\n"
     "A stage ends with the last feature map of a resolution that everything passes\n"
     "through. Writes IMAGE-METHOD-stage1.png and so on, and IMAGE-progress.png, a strip\n"
     "of all stages with sizes and names of the layers. The network runs once forward and\n"
     "once backward. IMAGE is a PNG or JPEG file or a folder of them, - is standard input.\n"},
    {COMMAND_DREAM, "dream", "MODEL [IMAGE]", "what does the network look for? makes such a picture",
     "Examples:\n"
     "  camx dream net.onnx -c volcano                     what is a volcano like?\n"
     "  camx dream net.onnx -c flamingo -o bird.png --seed 3\n"
     "  camx dream net.onnx -l layer3 --channel 17         what excites channel 17?\n"
     "  camx dream net.onnx cat.jpg -l layer3              more of whatever it sees in a cat\n"
     "  camx dream net.onnx -c volcano --frames 5          pictures for an animation\n"
     "\n"
     "Activation maximisation: gradient ascent on the picture itself, from noise or from\n"
     "IMAGE. Writes dream.png, in the size of the network's input. Given --class several\n"
     "times, the picture excites all of them.\n"},
    {COMMAND_CLASSIFY, "classify", "MODEL IMAGE...",
     "what does the network see? prints the best classes",
     "Examples:\n"
     "  camx classify net.onnx cat.jpg                     the five best classes\n"
     "  camx classify net.onnx *.jpg --top 1 --json        one document for many pictures\n"
     "  camx classify net.onnx cat.jpg --labels names.txt  with names of your own\n"
     "  camx classify net.onnx cat.jpg --preset tf         another way to prepare pictures\n"
     "\n"
     "Prints the probability, number and name of each class. IMAGE is a PNG or JPEG file or\n"
     "a folder of them, - is standard input.\n"},
    {COMMAND_LAYERS, "layers", "MODEL", "lists the layers that can be explained",
     "Examples:\n"
     "  camx layers net.onnx                               the feature maps\n"
     "  camx layers net.onnx --all                         every value of the network\n"
     "  camx layers net.onnx --size 448                    for a larger input\n"
     "\n"
     "Each line: number, name, operator, shape; the default layer is marked with *. Name\n"
     "a layer to `camx explain --layer` as here, as #NUMBER, by its node, or by the\n"
     "beginning of its name (a scope such as layer4).\n"},
    {COMMAND_INFO, "info", "MODEL", "what is in the file: input, output, classes, metadata",
     "Examples:\n"
     "  camx info net.onnx\n"
     "  camx info net.onnx --json\n"
     "\n"
     "Says what the network takes and gives, how a picture will be prepared for it, how\n"
     "much work one pass is, and what the file's metadata says.\n"},
    {COMMAND_PROFILE, "profile", "MODEL [IMAGE]", "where does the time go? times every step of the network",
     "Examples:\n"
     "  camx profile net.onnx                              a picture of noise, all steps\n"
     "  camx profile net.onnx cat.jpg --top 10             the ten slowest\n"
     "  camx profile net.onnx --backward --layer layer3    Grad-CAM's way back too\n"
     "  camx profile net.onnx --threads 1 --json\n"
     "\n"
     "Each line: milliseconds (the median of the runs), share of the whole, GFLOP/s counted\n"
     "as a direct computation, operator and what was fused into it, the algorithm chosen,\n"
     "shapes of input and output, and the value made; then sums by operator. Results are\n"
     "as good as the machine is quiet.\n"},
};

const size_t command_table_size = sizeof command_table / sizeof command_table[0];

/* Prints words from `column` on, in lines that end before LAST_COLUMN and begin at TEXT_COLUMN. */
static void print_wrapped(FILE *out, const char *s, int column)
{
    while (*s != '\0') {
        size_t length = strcspn(s, " ");

        if (column > TEXT_COLUMN && column + 1 + (int)length > LAST_COLUMN) {
            fprintf(out, "\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        } else if (column > TEXT_COLUMN) {
            fputc(' ', out);
            column++;
        }
        fwrite(s, 1, length, out);
        column += (int)length;
        s += length;
        s += strspn(s, " ");
    }
    fputc('\n', out);
}

static void print_option(FILE *out, const option_row *row)
{
    char head[48];
    int length;

    if (row->letter != 0) {
        length = snprintf(head, sizeof head, "  -%c, --%s", row->letter, row->name);
    } else {
        length = snprintf(head, sizeof head, "      --%s", row->name);
    }
    if (row->value != NULL) {
        length += snprintf(head + length, sizeof head - (size_t)length, " %s", row->value);
    }
    if (length + 2 > TEXT_COLUMN) {
        fprintf(out, "%s\n", head);
        fprintf(out, "%*s", TEXT_COLUMN, "");
    } else {
        fprintf(out, "%-*s", TEXT_COLUMN, head);
    }
    print_wrapped(out, row->text, TEXT_COLUMN);
}

static void print_options(FILE *out, int command)
{
    const char *group = "";

    for (size_t i = 0; i < option_table_size; i++) {
        const option_row *row = &option_table[i];

        if ((row->commands & command) == 0) {
            continue;
        }
        if (strcmp(group, row->group) != 0) {
            group = row->group;
            fprintf(out, "\n%s:\n", group);
        }
        print_option(out, row);
    }
}

static void print_program_help(FILE *out)
{
    fputs("camx: where did an image classifier look?\n"
          "\n"
          "Examples:\n"
          "  camx explain net.onnx cat.jpg        write cat-gradcam.png\n"
          "  camx progress net.onnx cat.jpg       from the first layers to the last\n"
          "  camx classify net.onnx cat.jpg       print the five best classes\n"
          "  camx layers net.onnx                 which layers are there?\n"
          "  camx info net.onnx                   what is in this file?\n"
          "  camx profile net.onnx                where does the time go?\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < command_table_size; i++) {
        fprintf(out, "  %-10s %s\n", command_table[i].name, command_table[i].summary);
    }
    fputs("\n"
          "camx COMMAND --help says more; camx --version shows version and build.\n"
          "\n"
          "Results go to stdout, everything else to stderr. Exit codes: 0 all went well,\n"
          "1 some pictures failed, 2 the command line cannot be right (option, layer, class,\n"
          "or a method that the network does not suit), 3 the model cannot be loaded, 4 a\n"
          "limit was exceeded or memory ran out, 5 stdout cannot be written.\n",
          out);
}

void options_help(FILE *out, int command)
{
    const command_row *row = command_by_bit(command);

    if (row == NULL) {
        print_program_help(out);
        return;
    }
    fprintf(out, "camx %s: %s\n\nUsage: camx %s %s [OPTION...]\n\n%s", row->name, row->summary,
            row->name, row->operands, row->help);
    print_options(out, command);
}
