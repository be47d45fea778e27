/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libjpeg's error manager. Its warnings matter: libjpeg goes on after damaged data and shows
 * grey where the picture was. Here most warnings refuse the file.
 */
#include "image/jpeg_common.h"

#include <jerror.h>

static camx_status status_of(int code)
{
    switch (code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE: /* max_memory_to_use was reached, and we allow no temporary files */
        return CAMX_E_MEMORY;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        return CAMX_E_LIMIT;
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
        return CAMX_E_UNSUPPORTED;
    default:
        return CAMX_E_FORMAT;
    }
}

static void fail_with_message(j_common_ptr codec)
{
    camx__jpeg_trouble *trouble = (camx__jpeg_trouble *)codec->err;

    trouble->status = status_of(codec->err->msg_code);
    codec->err->format_message(codec, trouble->text);
    longjmp(trouble->jump, 1);
}

/* Does this warning leave the picture whole? Many cameras put a few bytes too many before the
 * next marker, which is harmless unless it is a restart marker: then a stretch of the picture
 * did not decode. Odd versions and parameters in headers are no damage either. */
static bool is_harmless(const struct jpeg_error_mgr *manager)
{
    switch (manager->msg_code) {
    case JWRN_EXTRANEOUS_DATA: /* parameters: how many bytes, before which marker */
        return manager->msg_parm.i[1] < JPEG_RST0 || manager->msg_parm.i[1] > JPEG_RST0 + 7;
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
        return true;
    default:
        return false;
    }
}

static void take_message(j_common_ptr codec, int level)
{
    if (level < 0 && !is_harmless(codec->err))
        fail_with_message(codec);
}

static void print_nothing(j_common_ptr codec)
{
    (void)codec;
}

struct jpeg_error_mgr *camx__jpeg_trouble_init(camx__jpeg_trouble *trouble)
{
    jpeg_std_error(&trouble->manager);
    trouble->manager.error_exit = fail_with_message;
    trouble->manager.emit_message = take_message;
    trouble->manager.output_message = print_nothing;
    trouble->status = CAMX_OK;
    trouble->text[0] = '\0';
    return &trouble->manager;
}

void camx__jpeg_raise(camx__jpeg_trouble *trouble, camx_status status, const char *text)
{
    trouble->status = status;
    snprintf(trouble->text, sizeof trouble->text, "%s", text);
    longjmp(trouble->jump, 1);
}
