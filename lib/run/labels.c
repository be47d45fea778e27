/* SPDX-License-Identifier: Apache-2.0 */
/* Class names that came with the model. */
#include <string.h>

#include "run/model_private.h"

static int64_t count_lines(const char *text)
{
    int64_t lines = 0;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    size_t length = strlen(text);
    return lines + (length > 0 && text[length - 1] != '\n');
}

camx_status camx__model_read_labels(camx_model *model, camx_error *error)
{
    const char *text = camx__onnx_metadata_text(model->file, "camx.labels");
    if (text == NULL)
        return CAMX_OK;
    int64_t lines = count_lines(text);
    if (lines != model->classes)
        return camx__fail(error, CAMX_E_FORMAT,
                          "%s: the metadata key camx.labels has %lld lines, but the network tells %lld classes apart",
                          model->file->name, (long long)lines, (long long)model->classes);
    size_t length = strlen(text);
    model->label_text = camx__alloc(&model->memory, length + 1, 1);
    model->labels = camx__alloc_clear(&model->memory, (size_t)lines, sizeof *model->labels);
    if (model->label_text == NULL || model->labels == NULL)
        return camx__fail_memory(error, length, "the class names");
    memcpy(model->label_text, text, length + 1);
    char *at = model->label_text;
    for (int64_t i = 0; i < lines; i++) {
        char *end = strchr(at, '\n');
        model->labels[i] = at;
        if (end == NULL)
            break;
        *end = '\0';
        if (end > at && end[-1] == '\r')
            end[-1] = '\0';
        at = end + 1;
    }
    return CAMX_OK;
}
