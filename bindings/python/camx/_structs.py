# SPDX-License-Identifier: Apache-2.0
"""The public structs of camx.h and camx_image.h for ctypes, under their C names and in the
header's order.

A test compares size and offset of every field with what the C compiler says.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)

# Function types.
allocate_fn = CFUNCTYPE(c_void_p, c_size_t, c_void_p)
release_fn = CFUNCTYPE(None, c_void_p, c_void_p)
progress_fn = CFUNCTYPE(c_int, c_uint64, c_uint64, c_void_p)
parallel_body = CFUNCTYPE(None, c_void_p, c_size_t)
parallel_for = CFUNCTYPE(None, c_void_p, c_size_t, parallel_body, c_void_p)
external_read = CFUNCTYPE(c_int, c_char_p, c_uint64, c_size_t, c_void_p, c_void_p)


class camx_error(Structure):
    _fields_ = [("status", c_int32), ("message", c_char * 508)]


class camx_allocator(Structure):
    _fields_ = [("allocate", allocate_fn), ("release", release_fn), ("user", c_void_p)]


class camx_model_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("external_data", c_int32),
        ("allocator", POINTER(camx_allocator)),
        ("max_memory", c_uint64),
        ("max_file_bytes", c_uint64),
        ("max_multiply_adds", c_uint64),
        ("max_nodes", c_uint32),
        ("max_name_bytes", c_uint32),
        ("external_read", external_read),
        ("external_user", c_void_p),
        ("copy", c_int32),
        ("reserved", c_int32),
    ]


class camx_model_info(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("output_kind", c_int32),
        ("input_name", c_char_p),
        ("output_name", c_char_p),
        ("input_shape", c_int64 * 4),
        ("channels_last", c_int32),
        ("channels", c_int32),
        ("default_width", c_int32),
        ("default_height", c_int32),
        ("opset", c_int32),
        ("ir_version", c_int32),
        ("node_count", c_uint32),
        ("class_count", c_uint32),
        ("weight_bytes", c_uint64),
        ("producer", c_char_p),
    ]


class camx_session_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_int32),
        ("keep", c_int32),
        ("gemm", c_int32),
        ("fusion", c_int32),
        ("exact_conv", c_int32),
        ("parallel_for", parallel_for),
        ("parallel_user", c_void_p),
        ("share_threads", c_void_p),
        ("layers", POINTER(c_char_p)),
        ("layer_count", c_uint32),
        ("reserved", c_uint32),
    ]


class camx_session_stats(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_int32),
        ("forward_runs", c_uint64),
        ("reruns", c_uint64),
        ("backward_runs", c_uint64),
        ("activation_bytes", c_uint64),
        ("weight_bytes", c_uint64),
        ("multiply_adds", c_uint64),
        ("steps", c_uint32),
        ("gemm", c_int32),
    ]


class camx_layer_info(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("is_spatial", c_int32),
        ("name", c_char_p),
        ("node", c_char_p),
        ("op", c_char_p),
        ("is_default", c_int32),
        ("rank", c_int32),
        ("shape", c_int64 * 8),
        ("channels", c_int32),
        ("height", c_int32),
        ("width", c_int32),
        ("reserved", c_int32),
    ]


class camx_pixels(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("format", c_int32),
        ("width", c_int32),
        ("height", c_int32),
        ("stride", c_size_t),
        ("data", POINTER(c_uint8)),
    ]


frame_fn = CFUNCTYPE(c_int, POINTER(camx_pixels), c_uint32, c_void_p)


class camx_input_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("fit", c_int32),
        ("filter", c_int32),
        ("width", c_int32),
        ("height", c_int32),
        ("resize", c_int32),
        ("mean", c_float * 4),
        ("std", c_float * 4),
        ("bgr", c_int32),
        ("fill", c_uint8 * 4),
        ("source", c_int32),
        ("reserved", c_int32),
    ]


class camx_class_score(Structure):
    _fields_ = [("class_index", c_int32), ("logit", c_float), ("probability", c_float)]


class camx_profile_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("runs", c_int32),
        ("backward", c_int32),
        ("reserved", c_int32),
        ("layer", c_char_p),
    ]


class camx_profile_row(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("name", c_char_p),
        ("node", c_char_p),
        ("op", c_char_p),
        ("fused", c_char_p),
        ("kernel", c_char_p),
        ("input_rank", c_int32),
        ("output_rank", c_int32),
        ("input_shape", c_int64 * 8),
        ("output_shape", c_int64 * 8),
        ("seconds", c_double),
        ("fastest", c_double),
        ("share", c_double),
        ("operations", c_uint64),
    ]


class camx_target(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("score", c_int32),
        ("negate", c_int32),
        ("class_index", c_int32),
        ("other_index", c_int32),
        ("classes", POINTER(c_int32)),
        ("others", POINTER(c_int32)),
        ("seed", POINTER(c_float)),
        ("count", c_uint32),
        ("reserved", c_uint32),
    ]


class camx_map_info(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("method", c_int32),
        ("width", c_int32),
        ("height", c_int32),
        ("class_index", c_int32),
        ("other_index", c_int32),
        ("score_kind", c_int32),
        ("score", c_float),
        ("minimum", c_float),
        ("maximum", c_float),
        ("peak_x", c_int32),
        ("peak_y", c_int32),
        ("finding", c_int32),
        ("photo_width", c_int32),
        ("photo_height", c_int32),
        ("layer", c_char_p),
        ("done", c_uint64),
        ("total", c_uint64),
    ]


class camx_render_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("scaling", c_int32),
        ("nearest", c_int32),
        ("reserved", c_int32),
    ]


class camx_rect(Structure):
    _fields_ = [("x", c_int32), ("y", c_int32), ("width", c_int32), ("height", c_int32)]


class camx_box(Structure):
    _fields_ = [
        ("rect", camx_rect),
        ("peak_x", c_int32),
        ("peak_y", c_int32),
        ("peak", c_float),
        ("mean", c_float),
        ("mass", c_double),
        ("area", c_int64),
    ]


class camx_box_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threshold", c_int32),
        ("share", c_float),
        ("connectivity", c_int32),
        ("largest", c_int32),
        ("order", c_int32),
        ("min_area", c_float),
        ("reserved", c_int32),
    ]


class camx_focus(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("peak_inside", c_int32),
        ("peak_x", c_int32),
        ("peak_y", c_int32),
        ("heat_share", c_double),
        ("area_share", c_double),
        ("seen_share", c_double),
    ]


class camx_cam_options(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_int32)]


class camx_gradcam_options(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_int32), ("layer", c_char_p)]


class camx_gradcampp_options(Structure):
    _fields_ = [("struct_size", c_uint32), ("rule", c_int32), ("layer", c_char_p)]


class camx_occlusion_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("patch_width", c_int32),
        ("patch_height", c_int32),
        ("stride_x", c_int32),
        ("stride_y", c_int32),
        ("fill", c_int32),
        ("fill_rgb", c_uint8 * 4),
        ("fill_value", c_float),
        ("blur_sigma", c_float),
        ("edge", c_int32),
        ("reuse", c_int32),
        ("size_count", c_uint32),
        ("progress", progress_fn),
        ("progress_user", c_void_p),
        ("deadline", c_double),
        ("sizes", POINTER(c_int32)),
    ]


class camx_explain_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("layer", c_char_p),
        ("progress", progress_fn),
        ("progress_user", c_void_p),
        ("deadline", c_double),
        ("samples", c_int32),
        ("steps", c_int32),
        ("seed", c_uint64),
        ("noise", c_float),
        ("channels", c_int32),
        ("quadrature", c_int32),
        ("reserved2", c_int32),
        ("baseline", c_void_p),
        ("channel_values", POINTER(c_float)),
        ("channel_value_count", c_size_t),
        ("batch", c_int32),
        ("grid", c_int32),
        ("probability", c_float),
        ("reserved3", c_int32),
    ]


class camx_objective(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("layer", c_char_p),
        ("index", c_int32),
        ("x", c_int32),
        ("y", c_int32),
        ("weight", c_float),
    ]


class camx_maximise_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("steps", c_int32),
        ("start", c_void_p),
        ("preparation", POINTER(camx_input_options)),
        ("seed", c_uint64),
        ("octaves", c_int32),
        ("rate", c_float),
        ("smoothness", c_float),
        ("noise", c_float),
        ("jitter", c_float),
        ("rotation", c_float),
        ("scale", c_float),
        ("blur", c_float),
        ("total_variation", c_float),
        ("l2", c_float),
        ("norm", c_float),
        ("frame_every", c_uint32),
        ("reserved", c_uint32),
        ("frame", frame_fn),
        ("frame_user", c_void_p),
        ("progress", progress_fn),
        ("progress_user", c_void_p),
        ("deadline", c_double),
        ("grain", c_float),
        ("reserved2", c_uint32),
    ]


class camx_overlay_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("colormap", c_int32),
        ("alpha", c_float),
        ("even", c_int32),
    ]


class camx_line_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("width", c_int32),
        ("rim", c_int32),
        ("colour", c_uint8 * 4),
    ]


class camx_tile(Structure):
    _fields_ = [("picture", POINTER(camx_pixels)), ("caption", c_char_p)]


class camx_sheet_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("columns", c_int32),
        ("tile_width", c_int32),
        ("tile_height", c_int32),
        ("text_scale", c_int32),
        ("gap", c_int32),
        ("background", c_uint8 * 4),
        ("ink", c_uint8 * 4),
        ("title", c_char_p),
    ]


# camx_image.h


class camx_image_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("ignore_orientation", c_int32),
        ("allocator", POINTER(camx_allocator)),
        ("max_pixels", c_uint64),
        ("max_file_bytes", c_uint64),
        ("max_scans", c_uint32),
        ("background", c_uint8 * 4),
    ]


class camx_write_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("quality", c_int32),
        ("compression", c_int32),
        ("reserved", c_int32),
        ("allocator", POINTER(camx_allocator)),
    ]
