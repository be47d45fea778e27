/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx.h: the whole stable interface of libcamx. It is meant to be read from top to bottom.
 *
 * libcamx opens a trained image classifier (an ONNX file) and shows where it looked: class activation
 * maps (CAM), Grad-CAM, Grad-CAM++ and occlusion maps. It runs the network itself, forward and backward;
 * no other runtime is needed.
 *
 * In short:
 *
 *     camx_error error;
 *     camx_model *model = NULL;
 *     camx_session *session = NULL;
 *     camx_input *input = NULL;
 *     camx_map *map = NULL;
 *
 *     if (camx_model_open("net.onnx", NULL, &model, &error) == CAMX_OK &&
 *         camx_session_open(model, NULL, &session, &error) == CAMX_OK &&
 *         camx_input_from_pixels(model, &photo, NULL, &input, &error) == CAMX_OK &&
 *         camx_map_create(NULL, &map, &error) == CAMX_OK &&
 *         gradcam_compute(session, input, NULL, NULL, map, &error) == CAMX_OK) {
 *         ... camx_map_render(map, 0, NULL, heat, photo.width, photo.height, &error) ...
 *     } else {
 *         ... error.message says what is wrong, where, and what to do ...
 *     }
 *     camx_map_release(map);
 *     camx_input_release(input);
 *     camx_session_close(session);
 *     camx_model_release(model);
 *
 * Rules that hold everywhere:
 *
 *  - Every function that can fail returns a camx_status, puts results into its out-parameters, and fills the
 *    camx_error it was given (NULL is allowed) with one sentence. After a failure out-parameters hold
 *    NULL or are untouched, unless the function says that partial results are kept.
 *  - Options structs begin with struct_size. Call the matching _init function, change what you like, pass it.
 *    NULL instead of a struct means all defaults. Later versions only append fields.
 *  - Whatever fills such a struct from nothing (the _init functions, camx_target_for_class, ...) is called through
 *    a macro of its own name that passes the size of your struct, so that a later library never writes behind
 *    the struct of an earlier program. Bindings call the function and pass the size themselves. The bytes that
 *    both sides know are filled, and struct_size becomes their number (0 where `size` is below 8: no version has
 *    such a struct, every call refuses it). NULL instead of a struct to fill does nothing. In C++ pass a pointer
 *    to the C struct, not to a class derived from it: the macro measures what the pointer points to.
 *  - Handles are opaque. What you create you release; release functions accept NULL.
 *  - Texts are UTF-8 and NUL-terminated. Texts returned by a handle live as long as the handle.
 *  - Tensors are in ONNX order: [N, C, H, W] is images, channels, rows, columns, row-major, unless the
 *    network itself was exported as [N, H, W, C].
 *  - Threads: a camx_model, a camx_input and the pure functions may be used by any number of threads at once;
 *    a camx_session and a camx_map by one thread at a time.
 *  - Nothing prints, exits, or changes settings of the process (locale, floating-point mode, OpenBLAS, OpenMP).
 */
#ifndef CAMX_CAMX_H
#define CAMX_CAMX_H

#include <stddef.h>
#include <stdint.h>

#include "camx/version.h"

#if defined(__GNUC__)
#define CAMX_API __attribute__((visibility("default")))
#else
#define CAMX_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------
 * 1. Version
 * ------------------------------------------------------------------------------------------------- */

/* "0.1.0": the library that is running. Compare with the CAMX_VERSION_ macros it was compiled against.
 * Since 0.1. */
CAMX_API const char *camx_version(void);

/* CAMX_ABI_VERSION of the library that is running. Since 0.1. */
CAMX_API uint32_t camx_abi_version(void);

/* One line for bug reports: version, instruction set in use, GEMM back ends, and what was left out of the build. Since
 * 0.1. */
CAMX_API const char *camx_build_info(void);

/* ---------------------------------------------------------------------------------------------------
 * 2. Errors
 * ------------------------------------------------------------------------------------------------- */

/* What went wrong, in kinds that a program can act on. Numbers are permanent. */
typedef enum camx_status {
    CAMX_OK = 0,
    CAMX_E_ARGUMENT = 1,     /* an argument is NULL, out of range, or contradicts another */
    CAMX_E_MEMORY = 2,       /* the allocator gave nothing, or max_memory of the options is used up */
    CAMX_E_IO = 3,           /* a file cannot be opened, read or written */
    CAMX_E_FORMAT = 4,       /* the file is damaged or not what it should be */
    CAMX_E_UNSUPPORTED = 5,  /* valid, but libcamx cannot do it: operators, types, file variants */
    CAMX_E_LIMIT = 6,        /* one of the other limits in the options would be exceeded */
    CAMX_E_SHAPE = 7,        /* the network cannot take an input of this size or channel count */
    CAMX_E_NOT_FOUND = 8,    /* no such layer, class, or name; near names are suggested */
    CAMX_E_METHOD = 9,       /* this method does not apply to this network or layer */
    CAMX_E_CANCELLED = 10,   /* the progress callback asked to stop; partial results are kept */
    CAMX_E_DEADLINE = 11,    /* time was up; partial results are kept */
    CAMX_E_STATE = 12,       /* called too early: for instance no input was given yet */
    CAMX_E_INTERNAL = 13     /* a mistake in libcamx: please report it */
} camx_status;

/* Owned by the caller; needs no initialisation; nothing in it has to be freed. Every call that takes one
 * writes it: CAMX_OK and an empty message on success. */
typedef struct camx_error {
    int32_t status;    /* a camx_status */
    char message[508]; /* one sentence in UTF-8, NUL-terminated */
} camx_error;

/* "CAMX_E_FORMAT" and the like; "unknown status" for other numbers. Since 0.1. */
CAMX_API const char *camx_status_name(int32_t status);

/* ---------------------------------------------------------------------------------------------------
 * 3. Callbacks
 * ------------------------------------------------------------------------------------------------- */

/* Functions of the caller's that the library calls, those below and those that read files, must return: no C++
 * exception and no longjmp may leave them, since the library is C and would not clean up behind it. */

/* Where memory comes from. allocate returns NULL when there is none; blocks need no alignment beyond
 * malloc's. Both may be called from several threads at once. */
typedef struct camx_allocator {
    void *(*allocate)(size_t bytes, void *user);
    void (*release)(void *block, void *user);
    void *user;
} camx_allocator;

/* Called now and then during long calls, only on the thread that made the call. `done` of `total` units
 * (say, occlusion positions) are finished. Return 0 to go on, anything else to stop. */
typedef int camx_progress_fn(uint64_t done, uint64_t total, void *user);

/* A host's own thread pool: must call body(context, i) once for every i in 0 .. count-1, concurrently if it
 * can, and return when all have returned. */
typedef void camx_parallel_body(void *context, size_t i);
typedef void (*camx_parallel_for)(void *user, size_t count, camx_parallel_body *body, void *context);

/* Reads `bytes` bytes at `offset` of the external data `location` that a model in memory names. Returns 0 on
 * success. location comes from the file: treat it as untrusted. */
typedef int camx_external_read(const char *location, uint64_t offset, size_t bytes, void *destination,
                               void *user);

/* ---------------------------------------------------------------------------------------------------
 * 4. Models
 * ------------------------------------------------------------------------------------------------- */

/* A model: the checked content of an ONNX file and its packed weights. Reference-counted, never changed after
 * opening, shared by any number of threads and sessions. */
typedef struct camx_model camx_model;

typedef struct camx_model_options {
    uint32_t struct_size;
    int32_t external_data;           /* 1 (default): weights in files beside the model may be read; 0: refused */
    const camx_allocator *allocator; /* NULL (default): malloc. Copied; serves everything made from the model */
    uint64_t max_memory;             /* bytes for the model and all its sessions; default 16 GiB; 0 = no limit */
    uint64_t max_file_bytes;         /* of the file and of each external file; default 8 GiB */
    uint64_t max_multiply_adds;      /* of one forward pass; default 10^13 */
    uint32_t max_nodes;              /* default 100,000 */
    uint32_t max_name_bytes;         /* the longest name or text, metadata excepted; default 65,536 */
    camx_external_read *external_read; /* for camx_model_open_memory; NULL (default): external data is refused */
    void *external_user;
    int32_t copy;                    /* camx_model_open_memory: 1 (default) copies the bytes, 0 borrows them */
    int32_t reserved;
} camx_model_options;

CAMX_API void (camx_model_options_init)(camx_model_options *options, uint32_t size);
#define camx_model_options_init(options) camx_model_options_init((options), sizeof *(options))

/* Opens an ONNX file (opset 6 to 25, float32 or float16). The whole graph is checked: a network that
 * cannot be run is refused here with the names of all operators that are missing. The file is kept open and
 * weights are read from it when the first session needs them. Since 0.1. */
CAMX_API camx_status camx_model_open(const char *path, const camx_model_options *options, camx_model **model,
                                     camx_error *error);

/* The same from `size` bytes in memory. With options->copy = 0 they must stay unchanged until the model is
 * released for the last time. Since 0.1. */
CAMX_API camx_status camx_model_open_memory(const void *bytes, size_t size, const camx_model_options *options,
                                            camx_model **model, camx_error *error);

/* One more owner / one owner less. Sessions hold a reference of their own. */
CAMX_API void camx_model_retain(camx_model *model);
CAMX_API void camx_model_release(camx_model *model);

/* The text stored under `key` in the file's metadata, or NULL. libcamx itself reads the keys that
 * docs/metadata.md lists (camx.labels, camx.mean, ...). Since 0.1. */
CAMX_API const char *camx_model_metadata(const camx_model *model, const char *key);

/* Key number `index` of the metadata, or NULL past the end. Since 0.1. */
CAMX_API const char *camx_model_metadata_key(const camx_model *model, uint32_t index);

/* How many classes the network tells apart: the length of its score vector. Since 0.1. */
CAMX_API uint32_t camx_model_class_count(const camx_model *model);

/* The name of a class from the metadata key camx.labels, or NULL. Since 0.1. */
CAMX_API const char *camx_model_class_name(const camx_model *model, uint32_t class_index);

/* How the network ends: what its output stands for. */
typedef enum camx_output_kind {
    CAMX_OUTPUT_LOGITS = 0,  /* plain scores; probabilities are their softmax (one class: their sigmoid) */
    CAMX_OUTPUT_SOFTMAX = 1, /* the file ends in Softmax: its input is taken as the logits */
    CAMX_OUTPUT_SIGMOID = 2  /* the file ends in Sigmoid: likewise */
} camx_output_kind;

typedef struct camx_model_info {
    uint32_t struct_size;
    int32_t output_kind;      /* camx_output_kind */
    const char *input_name;
    const char *output_name;
    int64_t input_shape[4];   /* as in the file; -1 = free */
    int32_t channels_last;    /* 1: the network takes [N, H, W, C] */
    int32_t channels;         /* of the input image */
    int32_t default_width;    /* the input size used when the caller names none: the file's, the metadata's */
    int32_t default_height;   /* or 224 */
    int32_t opset;
    int32_t ir_version;
    uint32_t node_count;      /* in the file */
    uint32_t class_count;
    uint64_t weight_bytes;    /* of all initialisers, as stored */
    const char *producer;     /* who wrote the file, e.g. "pytorch 2.9.0"; "" if not said */
} camx_model_info;

/* Set info->struct_size = sizeof(camx_model_info) before. Since 0.1. */
CAMX_API camx_status camx_model_get_info(const camx_model *model, camx_model_info *info, camx_error *error);

/* ---------------------------------------------------------------------------------------------------
 * 5. Sessions
 * ------------------------------------------------------------------------------------------------- */

/* A session runs a model: it holds the activations, the last input and the threads. One thread at a time. */
typedef struct camx_session camx_session;

/* What a session keeps after running forward, beside the scores. Asking for a value that was not kept runs
 * the network again (camx_session_stats counts that). */
typedef enum camx_keep {
    CAMX_KEEP_TARGETS = 0, /* the default layer and those named in the options: the least memory */
    CAMX_KEEP_SPATIAL = 1, /* every feature map */
    CAMX_KEEP_ALL = 2,     /* every value */
    CAMX_KEEP_STAGES = 3   /* the stages (camx_session_get_stage), and what CAMX_KEEP_TARGETS keeps */
} camx_keep;

/* Which matrix product does the work. All give the same numbers to rounding. */
typedef enum camx_gemm {
    CAMX_GEMM_AUTO = 0,   /* packed where there are vector kernels, otherwise blas, otherwise builtin */
    CAMX_GEMM_PACKED = 1, /* libcamx's own vector kernels */
    CAMX_GEMM_BLAS = 2,   /* OpenBLAS; CAMX_E_UNSUPPORTED in builds without it */
    CAMX_GEMM_BUILTIN = 3 /* plain C loops */
} camx_gemm;

typedef struct camx_session_options {
    uint32_t struct_size;
    int32_t threads;    /* 0 (default): CAMX_NUM_THREADS, else OMP_NUM_THREADS, else the processors this process may use */
    int32_t keep;       /* camx_keep */
    int32_t gemm;       /* camx_gemm */
    int32_t fusion;     /* 1 (default); 0: every ONNX node is run by itself, for comparisons */
    int32_t exact_conv; /* 0 (default); 1: no convolution by Winograd's method, for comparisons */
    camx_parallel_for parallel_for; /* NULL (default): own threads */
    void *parallel_user;
    camx_session *share_threads; /* NULL (default); otherwise use the threads of that session too */
    const char *const *layers;   /* layers to keep from the first run on, beside the default one */
    uint32_t layer_count;
    uint32_t reserved;
} camx_session_options;

CAMX_API void (camx_session_options_init)(camx_session_options *options, uint32_t size);
#define camx_session_options_init(options) camx_session_options_init((options), sizeof *(options))

/* Plans the network for its default input size. Another size is planned when the first such input comes.
 * Since 0.1. */
CAMX_API camx_status camx_session_open(camx_model *model, const camx_session_options *options,
                                       camx_session **session, camx_error *error);
CAMX_API void camx_session_close(camx_session *session);

typedef struct camx_session_stats {
    uint32_t struct_size;
    int32_t threads;
    uint64_t forward_runs;     /* whole forward passes so far, one per image */
    uint64_t reruns;           /* of these, because a value had not been kept */
    uint64_t backward_runs;
    uint64_t activation_bytes; /* this session's memory for activations and gradients */
    uint64_t weight_bytes;     /* the model's packed weights, shared by all its sessions */
    uint64_t multiply_adds;    /* of one forward pass of one image */
    uint32_t steps;            /* program steps left of the file's nodes after folding and fusion */
    int32_t gemm;              /* the camx_gemm in use */
} camx_session_stats;

CAMX_API camx_status camx_session_get_stats(const camx_session *session, camx_session_stats *stats,
                                            camx_error *error);

/* Layers. Every value (tensor) of the network is a layer. Wherever a layer is asked for, give
 *   - the name of a value as in the ONNX file,
 *   - or the name of a node: its first output,
 *   - or "#12": number 12 of the list below,
 *   - or a scope prefix such as "layer4": the last value of a node whose name or whose output's name starts
 *     with that scope,
 *   - or NULL: the default layer, the last value with more than one position before space collapses. */
typedef struct camx_layer_info {
    uint32_t struct_size;
    int32_t is_spatial;   /* 1: a feature map [N, C, H, W] (or [N, H, W, C]) that gradients can reach */
    const char *name;     /* the value */
    const char *node;     /* the node that makes it, "" if it has no name */
    const char *op;       /* that node's operator, such as "Conv" */
    int32_t is_default;
    int32_t rank;
    int64_t shape[8];     /* for the input size the session is planned for */
    int32_t channels;     /* of a spatial layer, otherwise 0 */
    int32_t height;
    int32_t width;
    int32_t reserved;
} camx_layer_info;

/* Layers are listed in the order of execution. */
CAMX_API uint32_t camx_session_layer_count(const camx_session *session);
CAMX_API camx_status camx_session_get_layer(const camx_session *session, uint32_t index, camx_layer_info *info,
                                            camx_error *error);

/* The number of the layer that `layer` names (see above). Since 0.1. */
CAMX_API camx_status camx_session_find_layer(const camx_session *session, const char *layer, uint32_t *index,
                                             camx_error *error);

/* Stages: for every resolution the last feature map that all of the network's work passes through, from the first
 * convolution to the default layer, which is the last stage. In residual networks these are the ends of the groups of
 * blocks. A map at every stage shows how the answer comes about (camx_explain_stages). 0 stages: the network has no
 * default layer. */
CAMX_API uint32_t camx_session_stage_count(const camx_session *session);

/* Stage number `stage`, counted from 0, in the order of execution. Since 0.1. */
CAMX_API camx_status camx_session_get_stage(const camx_session *session, uint32_t stage, camx_layer_info *info,
                                            camx_error *error);

/* ---------------------------------------------------------------------------------------------------
 * 6. Inputs
 * ------------------------------------------------------------------------------------------------- */

typedef enum camx_pixel_format {
    CAMX_PIXEL_RGB = 0, /* 8 bits a sample, this order in memory */
    CAMX_PIXEL_BGR = 1, /* as OpenCV's Mat */
    CAMX_PIXEL_RGBA = 2,
    CAMX_PIXEL_BGRA = 3,
    CAMX_PIXEL_GREY = 4
} camx_pixel_format;

/* A picture in the caller's memory. */
typedef struct camx_pixels {
    uint32_t struct_size;
    int32_t format;  /* camx_pixel_format */
    int32_t width;   /* pixels */
    int32_t height;
    size_t stride;   /* bytes from one row to the next; 0 = rows without gaps */
    uint8_t *data;   /* the top left pixel; never written where a picture is only read */
} camx_pixels;

/* Fills a camx_pixels. Since 0.1. */
CAMX_API void (camx_pixels_init)(camx_pixels *pixels, uint32_t size, int32_t format, int32_t width,
                                 int32_t height, size_t stride, uint8_t *data);
#define camx_pixels_init(pixels, format, width, height, stride, data) \
    camx_pixels_init((pixels), sizeof *(pixels), (format), (width), (height), (stride), (data))

/* How a picture becomes the network's size. */
typedef enum camx_fit {
    CAMX_FIT_CROP = 0,     /* shorter side to `resize`, then the centre width x height (ImageNet's custom) */
    CAMX_FIT_STRETCH = 1,  /* to width x height, whatever the proportions */
    CAMX_FIT_LETTERBOX = 2 /* the whole picture inside width x height, borders in `fill` */
} camx_fit;

typedef enum camx_filter {
    CAMX_FILTER_BILINEAR = 0, /* antialiased when it shrinks, as Pillow and torchvision's default */
    CAMX_FILTER_BICUBIC = 1,  /* antialiased (a = -0.5) */
    CAMX_FILTER_BILINEAR_PLAIN = 2, /* not antialiased, half-pixel centres, as OpenCV's default */
    CAMX_FILTER_NEAREST = 3
} camx_filter;

/* Ready-made preprocessing. */
typedef enum camx_preset {
    CAMX_PRESET_AUTO = 0,     /* the model's metadata; what it does not say, as IMAGENET */
    CAMX_PRESET_IMAGENET = 1, /* shorter side to 256/224 of the size, centre crop, (x/255 - mean) / std of ImageNet */
    CAMX_PRESET_TF = 2,       /* the same geometry, x/127.5 - 1 */
    CAMX_PRESET_UNIT = 3      /* the same geometry, x/255 */
} camx_preset;

typedef struct camx_input_options {
    uint32_t struct_size;
    int32_t fit;        /* camx_fit */
    int32_t filter;     /* camx_filter */
    int32_t width;      /* the network's input size; 0 = the model's default */
    int32_t height;
    int32_t resize;     /* CAMX_FIT_CROP: shorter side before cropping; 0 = size * 256 / 224 */
    float mean[4];      /* per channel of the network: (x - mean) / std with x in 0 .. 255 */
    float std[4];
    int32_t bgr;        /* 1: the network wants blue first (Caffe) */
    uint8_t fill[4];    /* CAMX_FIT_LETTERBOX: red, green, blue, unused */
    int32_t source;     /* filled in: the camx_preset the values come from; AUTO = the model's metadata */
    int32_t reserved;
} camx_input_options;

/* Fills the options with a preset for this model. Since 0.1. */
CAMX_API camx_status (camx_input_options_for)(const camx_model *model, int32_t preset,
                                              camx_input_options *options, uint32_t size, camx_error *error);
#define camx_input_options_for(model, preset, options, error) \
    camx_input_options_for((model), (preset), (options), sizeof *(options), (error))

/* An immutable snapshot of what goes into the network: one or more images. Reference-counted. */
typedef struct camx_input camx_input;

/* One image from 8-bit pixels; they are read during the call only. options NULL = CAMX_PRESET_AUTO. Alpha is
 * ignored; grey is repeated for three-channel networks; colour becomes grey (ITU-R BT.601) for one-channel
 * ones. Since 0.1. */
CAMX_API camx_status camx_input_from_pixels(const camx_model *model, const camx_pixels *pixels,
                                            const camx_input_options *options, camx_input **input,
                                            camx_error *error);

/* A ready tensor in the network's own order and scale, [N, C, H, W] or [N, H, W, C] as the network takes it.
 * Copied. Maps then come back in the tensor's own pixels. Since 0.1. */
CAMX_API camx_status camx_input_from_floats(const camx_model *model, const float *values,
                                            const int64_t *shape, uint32_t rank, camx_input **input,
                                            camx_error *error);

CAMX_API void camx_input_retain(camx_input *input);
CAMX_API void camx_input_release(camx_input *input);

CAMX_API uint32_t camx_input_image_count(const camx_input *input);

/* The floats as the network sees them, and their shape (4 numbers). */
CAMX_API const float *camx_input_values(const camx_input *input, int64_t shape[4]);

/* A sentence on how the picture was prepared, such as "shorter side to 256 (bilinear, antialiased), centre
 * crop 224x224, RGB, mean 123.675 116.28 103.53, std 58.395 57.12 57.375 (preset imagenet)". Since 0.1. */
CAMX_API const char *camx_input_description(const camx_input *input);

/* The other way: an image as 8-bit pixels of the input's own size, in any camx_pixel_format. Rounded, and cut off at 0 and
 * 255. Inputs of one or three channels; for ready tensors the model's metadata has to say the scale. Since 0.1. */
CAMX_API camx_status camx_input_to_pixels(const camx_input *input, uint32_t image, camx_pixels *pixels,
                                          camx_error *error);

/* ---------------------------------------------------------------------------------------------------
 * 7. Scores
 * ------------------------------------------------------------------------------------------------- */

/* Runs the network on `input`, which becomes the session's last input; NULL = only make sure that the last
 * input was run. The session keeps a reference. Since 0.1. */
CAMX_API camx_status camx_session_run(camx_session *session, camx_input *input, camx_error *error);

/* How many images the session's last input has: scores, values and maps with input NULL are for these. 0 before the
 * first. An input that the network cannot take leaves the last one in its place; a call that fails later has
 * already replaced it. Since 0.1. */
CAMX_API uint32_t camx_session_image_count(const camx_session *session);

typedef enum camx_score {
    CAMX_SCORE_DEFAULT = 0,    /* what the method's description says */
    CAMX_SCORE_LOGIT = 1,      /* before the softmax */
    CAMX_SCORE_PROBABILITY = 2 /* after it */
} camx_score;

/* Copies the scores of one image of the last run: `count` floats, exactly the class count. Since 0.1. */
CAMX_API camx_status camx_session_scores(camx_session *session, uint32_t image, int32_t score, float *values,
                                         size_t count, camx_error *error);

typedef struct camx_class_score {
    int32_t class_index;
    float logit;
    float probability;
} camx_class_score;

/* The `count` best classes of one image, best first (equal scores: the lower class first). *found gets how many
 * there are: fewer than count when the network has fewer classes. Scores that are NaN are never best.
 * Since 0.1. */
CAMX_API camx_status camx_session_top(camx_session *session, uint32_t image, camx_class_score *best,
                                      uint32_t count, uint32_t *found, camx_error *error);

/* Any value of the last run, in ONNX order, all images of the batch. count must be the product of the layer's
 * shape (its first dimension replaced by the number of images when the network runs image by image). Runs
 * again if the value was not kept. Since 0.1. */
CAMX_API camx_status camx_session_value(camx_session *session, const char *layer, float *values, size_t count,
                                        camx_error *error);

/* What the time goes into. A network is run as steps: each makes a value, and what follows it (batch normalisation,
 * addition, activation) is often part of the same step. */
typedef enum camx_step_kind {
    CAMX_STEP_FORWARD = 0,  /* a node of the file, perhaps fused with others */
    CAMX_STEP_COPY = 1,     /* a value into another order in memory */
    CAMX_STEP_BACKWARD = 2, /* the gradient of a node's inputs from that of its output */
    CAMX_STEP_SUM = 3       /* gradients that meet at a value are added */
} camx_step_kind;

typedef struct camx_profile_options {
    uint32_t struct_size;
    int32_t runs;      /* how often the network is run and timed; 0 (default) = 10, at most 1000 */
    int32_t backward;  /* 1: Grad-CAM's way back from the top class to `layer` too; 0 (default): forward only */
    int32_t reserved;
    const char *layer; /* NULL (default) = the default layer; only with backward */
} camx_profile_options;

CAMX_API void (camx_profile_options_init)(camx_profile_options *options, uint32_t size);
#define camx_profile_options_init(options) camx_profile_options_init((options), sizeof *(options))

/* Runs the network on the input's first image (the first batch, if the file fixes its size) once to warm up and
 * then options->runs times, and remembers how long each step took. The rows stay until the next profile. `input` NULL
 * = the last one. While no profile is made, nothing is timed. On failure there are no rows. Since 0.1. */
CAMX_API camx_status camx_session_profile(camx_session *session, camx_input *input,
                                          const camx_profile_options *options, camx_error *error);

typedef struct camx_profile_row {
    uint32_t struct_size;
    int32_t kind;             /* camx_step_kind */
    const char *name;         /* the value that the step makes or, on the way back, whose gradient it is given */
    const char *node;         /* the node that makes this value, "" if it has no name */
    const char *op;           /* the operator run, such as "Conv"; "Input" for a copy of the network's input */
    const char *fused;        /* what the step does besides, in this order: "Add, Relu"; "" = nothing */
    const char *kernel;       /* the algorithm chosen for this shape, such as "winograd4"; "" = there is only one */
    int32_t input_rank;
    int32_t output_rank;
    int64_t input_shape[8];   /* of the first input, in ONNX order */
    int64_t output_shape[8];  /* of the first output; on the way back these are gradients */
    double seconds;           /* the median of the runs */
    double fastest;
    double share;             /* of the sum of all rows' seconds */
    uint64_t operations;      /* two per multiply-add of a direct computation; 0 = not counted (all but products) */
} camx_profile_row;

/* Steps in the order of execution. The texts live until the next profile or the end of the session. Since 0.1. */
CAMX_API uint32_t camx_session_profile_count(const camx_session *session);
CAMX_API camx_status camx_session_get_profile_row(const camx_session *session, uint32_t index,
                                                  camx_profile_row *row, camx_error *error);

/* ---------------------------------------------------------------------------------------------------
 * 8. Targets: what is to be explained
 * ------------------------------------------------------------------------------------------------- */

typedef enum camx_target_kind {
    CAMX_TARGET_TOP = 0,   /* each image's best class */
    CAMX_TARGET_CLASS = 1, /* class_index, or classes[] with one entry per image */
    CAMX_TARGET_PAIR = 2,  /* class_index minus other_index (or classes[] minus others[]): why this and not that */
    CAMX_TARGET_SEED = 3   /* any weighted sum of the scores: seed[], class count floats per image */
} camx_target_kind;

typedef struct camx_target {
    uint32_t struct_size;
    int32_t kind;         /* camx_target_kind */
    int32_t score;        /* camx_score; the default is the logit for gradients, the probability for occlusion */
    int32_t negate;       /* 1: evidence against: the negated score */
    int32_t class_index;  /* for one image */
    int32_t other_index;
    const int32_t *classes; /* for a batch: `count` entries, which must be the number of images */
    const int32_t *others;
    const float *seed;    /* count x class count floats */
    uint32_t count;       /* entries of the arrays; 0 = class_index and other_index are used */
    uint32_t reserved;
} camx_target;

CAMX_API void (camx_target_init)(camx_target *target, uint32_t size);
#define camx_target_init(target) camx_target_init((target), sizeof *(target))

/* Init and CAMX_TARGET_CLASS in one. */
CAMX_API void (camx_target_for_class)(camx_target *target, uint32_t size, int32_t class_index);
#define camx_target_for_class(target, class_index) \
    camx_target_for_class((target), sizeof *(target), (class_index))

/* The gradient of the target with respect to a layer or the input (by its name), in ONNX order; count as in
 * camx_session_value. `input` NULL = the last one, target NULL = the top class. Since 0.1. */
CAMX_API camx_status camx_session_gradient(camx_session *session, camx_input *input, const camx_target *target,
                                           const char *layer, float *values, size_t count, camx_error *error);

/* ---------------------------------------------------------------------------------------------------
 * 9. Maps
 * ------------------------------------------------------------------------------------------------- */

/* One raw, signed map per image, at the layer's size. Owned by the caller and reusable: each computation
 * replaces the content. */
typedef struct camx_map camx_map;

/* Why there may be nothing to see. */
typedef enum camx_finding {
    CAMX_FINDING_HEAT = 0,          /* there are positive values: all is well */
    CAMX_FINDING_ALL_NEGATIVE = 1,  /* nothing speaks for the class, only against it */
    CAMX_FINDING_ZERO_GRADIENT = 2, /* the score does not react to this layer: saturated or dead units */
    CAMX_FINDING_NOT_FINITE = 3,    /* NaN or infinite values in the network */
    CAMX_FINDING_DISCONNECTED = 4,  /* no path leads from the layer to the class */
    CAMX_FINDING_FLAT = 5,          /* the same value everywhere */
    CAMX_FINDING_PARTIAL = 6        /* the call was stopped: positions not reached are NaN */
} camx_finding;

typedef struct camx_map_info {
    uint32_t struct_size;
    int32_t method;      /* camx_method */
    int32_t width;       /* of the raw map */
    int32_t height;
    int32_t class_index; /* the class explained; -1 for CAMX_TARGET_SEED */
    int32_t other_index; /* CAMX_TARGET_PAIR, otherwise -1 */
    int32_t score_kind;  /* CAMX_SCORE_LOGIT or CAMX_SCORE_PROBABILITY */
    float score;         /* the target's value for this image */
    float minimum;       /* of the finite values of the raw map */
    float maximum;
    int32_t peak_x;      /* where the maximum is, in the raw map; -1 if nothing is finite */
    int32_t peak_y;
    int32_t finding;     /* camx_finding */
    int32_t photo_width; /* the caller's picture (or tensor) */
    int32_t photo_height;
    const char *layer;   /* valid until the map is computed again or released */
    uint64_t done;       /* units of work done and in all (occlusion: positions) */
    uint64_t total;
} camx_map_info;

/* allocator NULL = malloc; copied. Since 0.1. */
CAMX_API camx_status camx_map_create(const camx_allocator *allocator, camx_map **map, camx_error *error);
CAMX_API void camx_map_release(camx_map *map);

/* 0 before the first computation. */
CAMX_API uint32_t camx_map_image_count(const camx_map *map);
CAMX_API camx_status camx_map_get_info(const camx_map *map, uint32_t image, camx_map_info *info,
                                       camx_error *error);

/* height x width raw values, row by row; NULL if there is no such image. */
CAMX_API const float *camx_map_values(const camx_map *map, uint32_t image);

/* A sentence for a finding, such as "nothing in this layer speaks for the class; ...". "" for HEAT. */
CAMX_API const char *camx_finding_text(int32_t finding);

/* How raw values become 0 .. 1 (or -1 .. 1). Names of other tools: their convention, to their rounding. */
typedef enum camx_scaling {
    CAMX_SCALING_PGC = 0,      /* pytorch-grad-cam: max(v,0), minus minimum, / (1e-7 + maximum); again after resizing */
    CAMX_SCALING_RAW = 1,      /* as they are */
    CAMX_SCALING_POSITIVE = 2, /* max(v,0) / maximum; all zero if nothing is positive */
    CAMX_SCALING_MINMAX = 3,   /* minus minimum, / (1e-8 + maximum): torch-cam's */
    CAMX_SCALING_SIGNED = 4    /* / max |v|: -1 .. 1 */
} camx_scaling;

/* The raw map of one image under a scaling, still at layer size: width x height floats. Since 0.1. */
CAMX_API camx_status camx_map_scale(const camx_map *map, uint32_t image, int32_t scaling, float *values,
                                    size_t count, camx_error *error);

typedef struct camx_render_options {
    uint32_t struct_size;
    int32_t scaling; /* camx_scaling */
    int32_t nearest; /* 0 (default): bilinear between half-pixel centres, edges clamped; 1: blocks */
    int32_t reserved;
} camx_render_options;

CAMX_API void (camx_render_options_init)(camx_render_options *options, uint32_t size);
#define camx_render_options_init(options) camx_render_options_init((options), sizeof *(options))

/* The map in the caller's own pixels: width x height floats, where these are photo_width and photo_height or any
 * other size of the same picture. Parts of the picture that the network never saw (outside the crop) are NaN.
 * Since 0.1. */
CAMX_API camx_status camx_map_render(const camx_map *map, uint32_t image, const camx_render_options *options,
                                     float *values, int32_t width, int32_t height, camx_error *error);

/* Boxes: where the heat is, in the photograph's own pixels.
 *
 * The map is brought to the photograph (as by camx_map_render, positive values only); pixels at or above a threshold are
 * hot; connected hot pixels are a component, and each component has its box. Parts of the photograph that the network
 * never saw are never hot. */

/* Pixels x .. x + width - 1 and y .. y + height - 1, counted from the upper left corner. */
typedef struct camx_rect {
    int32_t x;
    int32_t y;
    int32_t width;
    int32_t height;
} camx_rect;

typedef struct camx_box {
    camx_rect rect;
    int32_t peak_x; /* the component's hottest pixel, in the photograph */
    int32_t peak_y;
    float peak;     /* its heat, 0 .. 1: shares of the photograph's hottest pixel */
    float mean;     /* of the component's pixels, likewise */
    double mass;    /* the component's part of all heat in the photograph, 0 .. 1 */
    int64_t area;   /* pixels of the component: at most width x height */
} camx_box;

typedef enum camx_box_threshold {
    CAMX_BOX_THRESHOLD_SHARE = 0, /* `share` of the maximum */
    CAMX_BOX_THRESHOLD_OTSU = 1   /* the level that best parts the pixels into two groups (Otsu, 1979) */
} camx_box_threshold;

/* What stands first in the list of boxes: the greatest ... */
typedef enum camx_box_order {
    CAMX_BOX_ORDER_AREA = 0,
    CAMX_BOX_ORDER_MASS = 1,
    CAMX_BOX_ORDER_MEAN = 2,
    CAMX_BOX_ORDER_PEAK = 3
} camx_box_order;

typedef struct camx_box_options {
    uint32_t struct_size;
    int32_t threshold;    /* camx_box_threshold */
    float share;          /* above 0, at most 1; default 0.15, as in Grad-CAM's paper; 0.20 is CAM's */
    int32_t connectivity; /* 8 (default): pixels that meet at a corner are connected; 4: only at a side */
    int32_t largest;      /* 1: only the component with the most pixels, as both papers; 0 (default): all */
    int32_t order;        /* camx_box_order */
    float min_area;       /* components smaller than this share of the photograph are left out; default 0.001 */
    int32_t reserved;
} camx_box_options;

CAMX_API void (camx_box_options_init)(camx_box_options *options, uint32_t size);
#define camx_box_options_init(options) camx_box_options_init((options), sizeof *(options))

/* The boxes of one image of a map. *found gets how many there are, `boxes` the first of them, at most `count` (which may be
 * 0, and boxes NULL: to ask for their number). A map without positive values has none; the finding says why. Takes
 * memory of the map's allocator for the length of the call: 4 bytes a pixel of the photograph. Since 0.1. */
CAMX_API camx_status camx_map_boxes(const camx_map *map, uint32_t image, const camx_box_options *options,
                                    camx_box *boxes, uint32_t count, uint32_t *found, camx_error *error);

/* Intersection over union: 1 for equal rectangles, 0 for those that do not meet, are empty, or NULL. Since 0.1. */
CAMX_API float camx_box_iou(const camx_rect *a, const camx_rect *b);

/* Object or background? How much of the heat lies inside a region of the photograph. */
typedef struct camx_focus {
    uint32_t struct_size;
    int32_t peak_inside; /* 1: the hottest pixel lies inside (the pointing game) */
    int32_t peak_x;      /* the hottest pixel of the photograph; -1 if nothing is positive */
    int32_t peak_y;
    double heat_share;   /* of all positive heat the part inside, 0 .. 1; NaN if nothing is positive */
    double area_share;   /* of all pixels that the network saw the part inside: what even heat would give */
    double seen_share;   /* of the region's pixels the part that the network saw; 0: it lies outside the crop */
} camx_focus;

/* The region is a box, which must lie inside the photograph. Set focus->struct_size = sizeof(camx_focus) before.
 * Since 0.1. */
CAMX_API camx_status camx_map_focus_box(const camx_map *map, uint32_t image, const camx_rect *box,
                                        camx_focus *focus, camx_error *error);

/* The region is where a mask, a picture of the photograph's size, is at least `level` bright (1 .. 255; 128 suits masks of
 * black and white): the brightest of red, green and blue counts. A mask of another size or one that
 * marks nothing is refused. Since 0.1. */
CAMX_API camx_status camx_map_focus_mask(const camx_map *map, uint32_t image, const camx_pixels *mask,
                                         int32_t level, camx_focus *focus, camx_error *error);

/* ---------------------------------------------------------------------------------------------------
 * 10. Methods
 *
 * session: plans, runs and keeps. input: NULL = the last one, without running the network again. target: NULL =
 * the top class of each image. options: NULL = defaults. map: gets one map per image. error: may be NULL.
 * ------------------------------------------------------------------------------------------------- */

/* Class activation mapping (Zhou et al., CVPR 2016): sum over channels of the class's weight times the
 * feature map, for networks that end in a global average pool and one dense layer (or a 1x1 convolution,
 * before or after the pool). Others are refused with CAMX_E_METHOD and the reason. The map has the scale of
 * the score: its mean plus the bias is the logit. Since 0.1. */
typedef struct camx_cam_options {
    uint32_t struct_size;
    int32_t reserved;
} camx_cam_options;

CAMX_API void (camx_cam_options_init)(camx_cam_options *options, uint32_t size);
#define camx_cam_options_init(options) camx_cam_options_init((options), sizeof *(options))
CAMX_API camx_status cam_compute(camx_session *session, camx_input *input, const camx_target *target,
                                 const camx_cam_options *options, camx_map *map, camx_error *error);

/* Grad-CAM (Selvaraju et al., ICCV 2017): sum over channels of the mean gradient times the feature map, for
 * any layer of any network. The raw map is signed: the paper's ReLU is part of the scalings. Since 0.1. */
typedef struct camx_gradcam_options {
    uint32_t struct_size;
    int32_t reserved;
    const char *layer; /* NULL (default) = the default layer */
} camx_gradcam_options;

CAMX_API void (camx_gradcam_options_init)(camx_gradcam_options *options, uint32_t size);
#define camx_gradcam_options_init(options) camx_gradcam_options_init((options), sizeof *(options))
CAMX_API camx_status gradcam_compute(camx_session *session, camx_input *input, const camx_target *target,
                                     const camx_gradcam_options *options, camx_map *map, camx_error *error);

/* How Grad-CAM++ weighs a channel. */
typedef enum camx_gradcampp_rule {
    /* Chattopadhyay et al., WACV 2018, eq. 19: sum of alpha times the positive gradients,
     * alpha = g^2 / (2 g^2 + sum(A) g^3 + 1e-6), 0 where g is 0. */
    CAMX_GRADCAMPP_PAPER = 0,
    /* The simpler rule that popular articles teach under this name: the mean of the positive gradients. */
    CAMX_GRADCAMPP_MEAN_POSITIVE = 1
} camx_gradcampp_rule;

typedef struct camx_gradcampp_options {
    uint32_t struct_size;
    int32_t rule;      /* camx_gradcampp_rule */
    const char *layer; /* NULL (default) = the default layer */
} camx_gradcampp_options;

CAMX_API void (camx_gradcampp_options_init)(camx_gradcampp_options *options, uint32_t size);
#define camx_gradcampp_options_init(options) camx_gradcampp_options_init((options), sizeof *(options))
CAMX_API camx_status gradcampp_compute(camx_session *session, camx_input *input, const camx_target *target,
                                       const camx_gradcampp_options *options, camx_map *map,
                                       camx_error *error);

/* Occlusion (Zeiler & Fergus, ECCV 2014): how far the score falls when a patch is covered. The map has the
 * network input's size; each pixel is the mean fall over the patches that cover it, NaN where none does. */
typedef enum camx_fill {
    CAMX_FILL_COLOUR = 0, /* an 8-bit colour, prepared like the picture */
    CAMX_FILL_BLUR = 1,   /* the picture itself, blurred */
    CAMX_FILL_VALUE = 2   /* a number in the network's own scale: 0 = captum's default */
} camx_fill;

/* What happens at the right and lower edge. */
typedef enum camx_edge {
    CAMX_EDGE_CROP = 0,   /* the last patch keeps its place on the grid and is cut off (captum) */
    CAMX_EDGE_FLUSH = 1,  /* the last patch is moved back until it ends at the edge */
    CAMX_EDGE_CENTRED = 2 /* the grid is centred: patches are cut off at both edges alike */
} camx_edge;

/* How often the network runs. The maps are the same, to rounding: equal within 1e-4 of the score's range. */
typedef enum camx_reuse {
    CAMX_REUSE_OFF = 0,   /* a whole run for every position of the patch */
    CAMX_REUSE_AUTO = 1,  /* only what can see the patch, where that saves work: 2 to 10 times faster for networks
                             without squeeze-excite or attention. Keeps all feature maps of one run in memory; where
                             max_memory has no room for them, or the build has no reuse, every position is a whole run */
    CAMX_REUSE_ALWAYS = 2 /* the same even if it saves nothing, for comparisons */
} camx_reuse;

typedef struct camx_occlusion_options {
    uint32_t struct_size;
    int32_t patch_width;   /* in pixels of the network's input; 0 (default) = a seventh of the shorter side */
    int32_t patch_height;  /* 0 (default) = patch_width */
    int32_t stride_x;      /* 0 (default) = half the patch, at least 1 */
    int32_t stride_y;
    int32_t fill;          /* camx_fill */
    uint8_t fill_rgb[4];   /* CAMX_FILL_COLOUR: red, green, blue, unused; default 128 128 128 */
    float fill_value;      /* CAMX_FILL_VALUE */
    float blur_sigma;      /* CAMX_FILL_BLUR: standard deviation in pixels; 0 (default) = patch width / 2 */
    int32_t edge;          /* camx_edge */
    int32_t reuse;         /* camx_reuse; default CAMX_REUSE_AUTO */
    uint32_t size_count;
    camx_progress_fn *progress; /* NULL (default) = none */
    void *progress_user;
    double deadline;       /* seconds for the whole call; 0 (default) = none */
    const int32_t *sizes;  /* NULL (default), or size_count sides of square patches, used instead of patch_width and
                              patch_height (leave these 0): the map is the mean of the maps of the sizes, at each
                              pixel over the sizes that cover it; strides of 0 are half of each size */
} camx_occlusion_options;

CAMX_API void (camx_occlusion_options_init)(camx_occlusion_options *options, uint32_t size);
#define camx_occlusion_options_init(options) camx_occlusion_options_init((options), sizeof *(options))

/* captum.attr.Occlusion's conventions: value 0, CAMX_EDGE_CROP. Its score is the logit: say so in the target. */
CAMX_API void (camx_occlusion_options_captum)(camx_occlusion_options *options, uint32_t size);
#define camx_occlusion_options_captum(options) camx_occlusion_options_captum((options), sizeof *(options))

/* Progress counts positions of all patch sizes and images. On CAMX_E_CANCELLED and CAMX_E_DEADLINE the map holds what was
 * done (CAMX_FINDING_PARTIAL). docs/occlusion.md tells how it works and when reuse pays. Since 0.1. */
CAMX_API camx_status occlusion_map(camx_session *session, camx_input *input, const camx_target *target,
                                   const camx_occlusion_options *options, camx_map *map, camx_error *error);

/* Occlusion for several targets from the same runs: maps[t] explains targets[t], with the numbers that occlusion_map gives
 * for it alone. targets: target_count pointers, NULL among them = the top class; NULL and 0 = the top class alone. maps:
 * target_count different maps (a count of 0 counts as 1). After a failure all maps are empty, except that on
 * CAMX_E_CANCELLED and CAMX_E_DEADLINE they hold what was done. Since 0.1. */
CAMX_API camx_status camx_occlusion_many(camx_session *session, camx_input *input,
                                         const camx_target *const *targets, uint32_t target_count,
                                         const camx_occlusion_options *options, camx_map *const *maps,
                                         camx_error *error);

/* All methods by number, for programs that let the user choose. Numbers are permanent. */
typedef enum camx_method {
    CAMX_METHOD_CAM = 1,
    CAMX_METHOD_GRADCAM = 2,
    CAMX_METHOD_GRADCAMPP = 3,
    CAMX_METHOD_OCCLUSION = 4,
    /* Reached by camx_explain alone. A_k: the layer's feature maps; g_k: gradient of the target by them; p: positions. */
    CAMX_METHOD_HIRESCAM = 5,     /* sum_k g_k A_k (Draelos and Carin 2020, arXiv 2011.08891) */
    CAMX_METHOD_LAYERCAM = 6,     /* sum_k max(g_k, 0) A_k (Jiang et al., IEEE TIP 2021): fine maps at early layers */
    CAMX_METHOD_XGRADCAM = 7,     /* sum_k w_k A_k, w_k = sum_p g_k A_k / (sum_p A_k + 1e-7) (Fu et al., BMVC 2020) */
    CAMX_METHOD_ELEMENTWISE = 8,  /* sum_k max(g_k A_k, 0) (pytorch-grad-cam's GradCAMElementWise) */
    /* The first principal component of the A_k over the positions (Muhammad and Yeasin, IJCNN 2020), whatever the
     * target. Its sign is free by nature; here the map is larger where sum_k A_k is. */
    CAMX_METHOD_EIGENCAM = 9,
    CAMX_METHOD_EIGENGRADCAM = 10, /* the same of g_k A_k (pytorch-grad-cam's), which knows the target */
    /* These need no gradient; S is the target's score. They take progress, cancelling and the deadline, and keep what was
     * done. All of them serve several targets from the same runs (camx_explain_many). */
    /* sum_k w_k A_k, w = softmax over k of S(picture times mask k), mask k being A_k stretched to the picture (bilinear,
     * corners aligned) and to 0 .. 1 (Wang et al., CVPRW 2020). One forward pass per channel; channels that are the same
     * everywhere share one. */
    CAMX_METHOD_SCORECAM = 11,
    /* sum_k w_k A_k, w_k = (S - S_k) / |S|, S_k with channel k set to 0 (Desai and Ramaswamy, WACV 2020). Only what
     * lies behind the layer runs; a global pool and one dense layer are solved in closed form. */
    CAMX_METHOD_ABLATIONCAM = 12,
    /* At each position S of the layer with everything but that position set to 0 (Byun and Lee, arXiv 2209.14074). Only what
     * lies behind the layer runs. Not centred: show it with CAMX_SCALING_MINMAX. */
    CAMX_METHOD_RECIPROCAM = 13,
    /* sum_c N(|x_c dS/dx_c|) + sum over every convolution and batch norm with a bias b, sum_k N(|b_k g_k|), at the size of
     * the network's input; N: minus minimum, / (1e-7 + maximum), channel by channel (Srinivas and Fleuret, NeurIPS 2019;
     * scaled as pytorch-grad-cam does). Needs gradients at every layer: the memory of CAMX_KEEP_SPATIAL, during the call. */
    CAMX_METHOD_FULLGRAD = 14,
    /*
     * The next five look at the gradient of the target by the input x itself: one number for each channel of each pixel,
     * of which camx_explain_options.channels makes one for each pixel. Their maps have the input's size.
     * camx_explain_options.channel_values gets the numbers of every channel.
     */
    CAMX_METHOD_SALIENCY = 15, /* dS/dx (Simonyan et al. 2014, arXiv 1312.6034); default: MAX_ABS */
    /* dS/dx, of which every ReLU on the way passes only what is positive (Springenberg et al. 2015, arXiv 1412.6806);
     * MAX_ABS. Units of the ReLU kind are Relu and Clip from 0 (ReLU6); others keep their derivative, and networks
     * without any are refused with CAMX_E_METHOD. Beware: it shows the picture's edges much alike for any class. */
    CAMX_METHOD_GUIDED_BACKPROP = 16,
    /* Guided backpropagation times max(Grad-CAM, 0) of a layer, stretched over the input (bilinear between half-pixel
     * centres) (Selvaraju et al., ICCV 2017); MAX_ABS. */
    CAMX_METHOD_GUIDED_GRADCAM = 17,
    /* The mean of dS/dx at `samples` copies of the image with normal noise (Smilkov et al. 2017, arXiv 1706.03825);
     * MAX_ABS. The noise of number i (in the order of camx_input_values) of copy s is z(s * count + i) times
     * noise * (largest - least number of the image), z(k) = sqrt(-2 ln(1 - u(2k))) cos(2 pi u(2k + 1)), where u(k) is
     * the upper 53 bits of SplitMix64's output number k + 1 from the state `seed`, divided by 2^53. */
    CAMX_METHOD_SMOOTHGRAD = 18,
    /* (x - b) times the mean of dS/dx on the straight path from the baseline b to x (Sundararajan et al., ICML 2017,
     * arXiv 1703.01365); SUM. All numbers together give S(x) - S(b), up to the error of the quadrature. */
    CAMX_METHOD_INTEGRATED_GRADIENTS = 19,
    /* sum over random masks of S(picture times mask) mask, / (samples x probability), at the size of the network's
     * input; S is the probability by default (Petsiuk et al., BMVC 2018). */
    CAMX_METHOD_RISE = 20
} camx_method;

/* How the numbers of a pixel's channels become one. */
typedef enum camx_channels {
    CAMX_CHANNELS_DEFAULT = 0, /* what the method's description says */
    CAMX_CHANNELS_MAX_ABS = 1, /* the largest absolute value: never negative */
    CAMX_CHANNELS_SUM = 2      /* their sum: signed */
} camx_channels;

/* Where INTEGRATED_GRADIENTS takes gradients on the path from baseline (0) to image (1). */
typedef enum camx_quadrature {
    CAMX_QUADRATURE_GAUSS_LEGENDRE = 0, /* Gauss and Legendre's nodes and weights (captum's default) */
    CAMX_QUADRATURE_RIGHT_RIEMANN = 1   /* 1/n, 2/n, ... 1, all alike */
} camx_quadrature;

typedef struct camx_explain_options {
    uint32_t struct_size;
    int32_t reserved;
    const char *layer;          /* for methods that look at a layer; NULL (default) = the default layer */
    camx_progress_fn *progress; /* for methods that take long */
    void *progress_user;
    double deadline;            /* seconds; 0 (default) = none */
    int32_t samples;            /* SMOOTHGRAD: noisy copies; 0 (default) = 50. RISE: masks; 0 = 1000 */
    int32_t steps;              /* INTEGRATED_GRADIENTS: points on the path; 0 (default) = 50 */
    uint64_t seed;              /* of everything random; default 0 */
    float noise;                /* SMOOTHGRAD: the noise's deviation as a share of the image's range; default 0.15 */
    int32_t channels;           /* camx_channels, for SALIENCY to INTEGRATED_GRADIENTS */
    int32_t quadrature;         /* camx_quadrature */
    int32_t reserved2;
    /* INTEGRATED_GRADIENTS: the path's start, of the input's size: one image, or as many as the input has. NULL (default) =
     * all numbers 0, which is the mean colour after the usual preprocessing (captum's default). */
    const camx_input *baseline;
    /* SALIENCY to INTEGRATED_GRADIENTS: gets the numbers of every channel, in the order of camx_input_values; NaN where a
     * stopped call did not come. NULL (default) = not wanted; with other methods, and in camx_explain_many, refused. */
    float *channel_values;
    size_t channel_value_count; /* exactly the input's numbers */
    int32_t batch;              /* SCORECAM to RECIPROCAM, RISE: changed copies run at a time; 0 (default) = as many as suit
                                 * the processor's caches; at most 4096 */
    int32_t grid;               /* RISE: cells of a mask along each side, up to 256; 0 (default) = 7 */
    float probability;          /* RISE: that a cell shows the picture, above 0 and below 1; 0 (default) = 0.5 */
    int32_t reserved3;
} camx_explain_options;

CAMX_API void (camx_explain_options_init)(camx_explain_options *options, uint32_t size);
#define camx_explain_options_init(options) camx_explain_options_init((options), sizeof *(options))
CAMX_API camx_status camx_explain(camx_session *session, int32_t method, camx_input *input,
                                  const camx_target *target, const camx_explain_options *options, camx_map *map,
                                  camx_error *error);

/* Several targets at several layers in one call: maps[t * layer_count + l] explains targets[t] at layers[l], with the
 * numbers that camx_explain gives for it alone, to rounding. The network runs forward once; methods that look at
 * gradients then run backward once per target, down to the deepest of the layers, and serve all layers from that. Five
 * classes at the default layer cost about one forward pass; twenty layers one forward and one backward pass. Other methods
 * are computed map by map.
 *
 * targets: target_count pointers, NULL among them = the top class; NULL and 0 = the top class alone.
 * layers: layer_count names, NULL among them = the default layer; NULL and 0 = the one of the options. With layers
 * given, options->layer must be NULL. Methods that take no layer accept only NULL.
 * maps: target_count x layer_count different maps (a count of 0 counts as 1), each of which gets one map per image.
 *
 * After a failure all maps are empty (camx_map_image_count is 0). On CAMX_E_CANCELLED and CAMX_E_DEADLINE the maps
 * that were finished stay, one may be partial, and those that were not reached are empty. Since 0.1. */
CAMX_API camx_status camx_explain_many(camx_session *session, int32_t method, camx_input *input,
                                       const camx_target *const *targets, uint32_t target_count,
                                       const char *const *layers, uint32_t layer_count,
                                       const camx_explain_options *options, camx_map *const *maps,
                                       camx_error *error);

/* Layer progression: a map at every stage of the network, by one forward and one backward pass (the methods that
 * camx_explain_many has a way of its own for). maps: `count` different maps, exactly camx_session_stage_count: that of
 * the input's size, if the session has not seen that size yet. A session opened with CAMX_KEEP_STAGES never runs
 * again for this. Methods that take no layer are refused. After a failure as with camx_explain_many. Since 0.1. */
CAMX_API camx_status camx_explain_stages(camx_session *session, int32_t method, camx_input *input,
                                         const camx_target *target, const camx_explain_options *options,
                                         camx_map *const *maps, uint32_t count, camx_error *error);

/* The method at place `index` of the list, 0 past its end: for (i = 0; (m = camx_method_at(i)) != 0; i++). */
CAMX_API int32_t camx_method_at(uint32_t index);

/* "gradcam" and one line on what it is; NULL for numbers that do not exist. */
CAMX_API const char *camx_method_name(int32_t method);
CAMX_API const char *camx_method_summary(int32_t method);

/* The number of a name, or 0. */
CAMX_API int32_t camx_method_by_name(const char *name);

/* ---------------------------------------------------------------------------------------------------
 * 11. Activation maximisation
 *
 * The other question: not where the network looked, but what it looks for. Gradient ascent on the image itself (Erhan et
 * al. 2009; Simonyan et al. 2014), on a pyramid of octaves in opponent colours, seen through random shifts, turns,
 * scales and noise, so that what comes out is a picture and not noise (Mordvintsev et al. 2015; Olah,
 * Mordvintsev and Schubert, Distill 2017).
 * ------------------------------------------------------------------------------------------------- */

/* What the image is to excite. */
typedef enum camx_objective_kind {
    CAMX_OBJECTIVE_CLASS = 0,   /* the logit of class `index` */
    CAMX_OBJECTIVE_CHANNEL = 1, /* the mean of channel `index` of `layer` */
    CAMX_OBJECTIVE_NEURON = 2,  /* one number of it: row y, column x */
    CAMX_OBJECTIVE_LAYER = 3    /* the mean square of all of `layer`: more of whatever it sees ("deep dream") */
} camx_objective_kind;

typedef struct camx_objective {
    uint32_t struct_size;
    int32_t kind;      /* camx_objective_kind */
    const char *layer; /* as everywhere; NULL (default) = the default layer. Not for CLASS */
    int32_t index;     /* of the class or channel. A layer of rank 2, [N, C], has channels of one number */
    int32_t x;         /* NEURON: the place in the layer; -1 (default) = the middle */
    int32_t y;
    float weight;      /* default 1; negative: as little of it as possible */
} camx_objective;

CAMX_API void (camx_objective_init)(camx_objective *objective, uint32_t size);
#define camx_objective_init(objective) camx_objective_init((objective), sizeof *(objective))

/* Init and CAMX_OBJECTIVE_CLASS in one. */
CAMX_API void (camx_objective_for_class)(camx_objective *objective, uint32_t size, int32_t class_index);
#define camx_objective_for_class(objective, class_index) \
    camx_objective_for_class((objective), sizeof *(objective), (class_index))

/* A picture of the ascent, for animations: RGB, of the network's size, valid during the call. Return 0 to go on. */
typedef int camx_frame_fn(const camx_pixels *frame, uint32_t step, void *user);

typedef struct camx_maximise_options {
    uint32_t struct_size;
    int32_t steps;             /* of the ascent; default 200 */
    /* Where it starts: NULL (default) = noise; otherwise image 0 of this input, such as a photograph. It also says size and
     * scale of the result. */
    const camx_input *start;
    /* Without `start`: size, mean and std of the network's pixels; NULL (default) = CAMX_PRESET_AUTO. */
    const camx_input_options *preparation;
    uint64_t seed;             /* of everything random; default 0 */
    int32_t octaves;           /* levels of the pyramid, each half the size of the one before; 0 (default) = to about 7 */
    float rate;                /* step size of Adam (Kingma and Ba 2015) on the pyramid; falls to 0 over the second half of
                                * the steps; default 0.1 */
    float smoothness;          /* an octave is worth 2^-smoothness of the coarser one; default 1.5 */
    float noise;               /* deviation of the noise at the start; default 0.01. With `start` none is added */
    float jitter;              /* largest shift, as a share of the shorter side; default 0.15 */
    float rotation;            /* largest turn in degrees; default 15 */
    float scale;               /* largest change of size: 0.4 (default) = 1/1.4 to 1.4 */
    float blur;                /* deviation in pixels of a blur before the network; default 0 */
    /* Penalties, beside an objective whose gradient is scaled to a root mean square of 1. u: the image from -1 to 1. */
    float total_variation;     /* of (squared differences of neighbours) / 2; default 0.2 */
    float l2;                  /* of u^2 / 2; default 0 */
    float norm;                /* of u^6 / 6 (Mahendran and Vedaldi, IJCV 2016), which leaves greys alone; default 0 */
    uint32_t frame_every;      /* 0 (default) = no frames; else `frame` is called at step 0 and after every so many */
    uint32_t reserved;
    camx_frame_fn *frame;
    void *frame_user;
    camx_progress_fn *progress; /* done, total: steps. NULL (default) = none */
    void *progress_user;
    double deadline;           /* seconds; 0 (default) = none */
    float grain;               /* largest deviation of the noise over a view of the image, whose pixels are 0 to 1: small
                                * patterns drown in it, and what the network sees all the same is painted; default 0.15 */
    uint32_t reserved2;
} camx_maximise_options;

CAMX_API void (camx_maximise_options_init)(camx_maximise_options *options, uint32_t size);
#define camx_maximise_options_init(options) camx_maximise_options_init((options), sizeof *(options))

/*
 * Makes an image that excites the weighted sum of `count` objectives (pointers to them: classes, channels, neurons
 * and layers may be mixed). options NULL = defaults.
 *
 * *result: the image as the network sees it, which becomes the session's last input: camx_session_top, gradcam_compute and
 * the like with input NULL look at it; camx_input_to_pixels gives its pixels, camx_input_values its floats. Release
 * it. The same bits come out for the same seed, whatever the number of threads.
 *
 * Where units are dead and the gradient is zero everywhere, that step goes through ReLU units (Relu, Clip from 0) as if they
 * were open. An objective that does not move the image even so is CAMX_E_METHOD. Networks that run more than one
 * image at a time are refused (CAMX_E_METHOD), as are inputs of other than one or three channels. On CAMX_E_CANCELLED and
 * CAMX_E_DEADLINE *result is the image so far. Since 0.1.
 */
CAMX_API camx_status camx_maximise(camx_session *session, const camx_objective *const *objectives, uint32_t count,
                                   const camx_maximise_options *options, camx_input **result, camx_error *error);

/* ---------------------------------------------------------------------------------------------------
 * 12. Pictures
 *
 * Plain arithmetic on 8-bit pixels in the caller's memory.
 * ------------------------------------------------------------------------------------------------- */

typedef enum camx_colormap {
    CAMX_COLORMAP_TURBO = 0, /* Mikhailov 2019: jet's look without its false edges */
    CAMX_COLORMAP_JET = 1,
    CAMX_COLORMAP_VIRIDIS = 2,
    CAMX_COLORMAP_INFERNO = 3,
    CAMX_COLORMAP_CIVIDIS = 4,
    CAMX_COLORMAP_GREY = 5,
    CAMX_COLORMAP_RDBU = 6   /* signed, -1 .. 1: blue against, white nothing, red for */
} camx_colormap;

/* "turbo" and the like, NULL past the end; and the number of a name, or -1. */
CAMX_API const char *camx_colormap_name(int32_t colormap);
CAMX_API int32_t camx_colormap_by_name(const char *name);

/* The colour of a value; values outside 0 .. 1 (RDBU: -1 .. 1) are clamped, NaN is black. */
CAMX_API camx_status camx_colormap_colour(int32_t colormap, float value, uint8_t rgb[3], camx_error *error);

typedef struct camx_overlay_options {
    uint32_t struct_size;
    int32_t colormap;     /* camx_colormap */
    float alpha;          /* 0 .. 1: how strongly the hottest place covers the photograph; default 0.6 */
    int32_t even;         /* 0 (default): strength in proportion to the heat; 1: alpha everywhere (as papers do) */
} camx_overlay_options;

CAMX_API void (camx_overlay_options_init)(camx_overlay_options *options, uint32_t size);
#define camx_overlay_options_init(options) camx_overlay_options_init((options), sizeof *(options))

/* Paints heat (width x height floats of the photograph, as camx_map_render gives them) over the photograph.
 * out: RGB, same size, memory of the caller. NaN leaves the photograph as it is. Since 0.1. */
CAMX_API camx_status camx_overlay_draw(const camx_pixels *photo, const float *heat,
                                       const camx_overlay_options *options, camx_pixels *out,
                                       camx_error *error);

typedef struct camx_line_options {
    uint32_t struct_size;
    int32_t width;       /* of the line in pixels; 0 (default) = by the size of the picture */
    int32_t rim;         /* 1 (default): a black pixel on both sides, to be seen on any ground */
    uint8_t colour[4];   /* red, green, blue, unused; default white */
} camx_line_options;

CAMX_API void (camx_line_options_init)(camx_line_options *options, uint32_t size);
#define camx_line_options_init(options) camx_line_options_init((options), sizeof *(options))

/* Draws boxes (only their rect counts) into a picture of any format; the line lies inside the box, and what is outside the
 * picture is cut off. Alpha stays as it is. Since 0.1. */
CAMX_API camx_status camx_boxes_draw(const camx_box *boxes, uint32_t count, const camx_line_options *options,
                                     camx_pixels *out, camx_error *error);

/* A contact sheet: pictures side by side with captions below. */
typedef struct camx_tile {
    const camx_pixels *picture;
    const char *caption; /* lines separated by '\n'; wrapped to the tile's width */
} camx_tile;

typedef struct camx_sheet_options {
    uint32_t struct_size;
    int32_t columns;     /* 0 (default) = nearly square */
    int32_t tile_width;  /* pictures are shrunk or grown to fit; default 320 */
    int32_t tile_height; /* default 240 */
    int32_t text_scale;  /* pixel size of the letters: 1, 2 (default), 3 */
    int32_t gap;         /* pixels between tiles; default 12 */
    uint8_t background[4]; /* red, green, blue, unused; default white */
    uint8_t ink[4];      /* of the captions; default nearly black */
    const char *title;   /* above everything, or NULL (default) */
} camx_sheet_options;

CAMX_API void (camx_sheet_options_init)(camx_sheet_options *options, uint32_t size);
#define camx_sheet_options_init(options) camx_sheet_options_init((options), sizeof *(options))

/* The size in pixels that camx_sheet_draw needs. Since 0.1. */
CAMX_API camx_status camx_sheet_size(const camx_tile *tiles, uint32_t count, const camx_sheet_options *options,
                                     int32_t *width, int32_t *height, camx_error *error);
CAMX_API camx_status camx_sheet_draw(const camx_tile *tiles, uint32_t count, const camx_sheet_options *options,
                                     camx_pixels *out, camx_error *error);

#ifdef __cplusplus
}
#endif

#endif
