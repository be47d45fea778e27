# SPDX-License-Identifier: Apache-2.0
"""One row per exported function: name -> (what it returns, what it takes), in the header's order.

A test parses camx.h and camx_image.h and compares every prototype with this table. Opaque
handles are c_void_p; every function that returns a camx_status (c_int here) takes a camx_error
pointer last.
"""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_void_p
from typing import Any, Dict, List, Tuple

from . import _structs as s

handle = c_void_p
new = P(c_void_p)  # an out-parameter that receives a handle
error = P(s.camx_error)
status = c_int
floats = P(c_float)

Table = Dict[str, Tuple[Any, List[Any]]]

CORE: Table = {
    # 1. Version
    "camx_version": (c_char_p, []),
    "camx_abi_version": (c_uint32, []),
    "camx_build_info": (c_char_p, []),
    # 2. Errors
    "camx_status_name": (c_char_p, [c_int32]),
    # 4. Models
    "camx_model_options_init": (None, [P(s.camx_model_options), c_uint32]),
    "camx_model_open": (status, [c_char_p, P(s.camx_model_options), new, error]),
    "camx_model_open_memory": (status, [c_void_p, c_size_t, P(s.camx_model_options), new, error]),
    "camx_model_retain": (None, [handle]),
    "camx_model_release": (None, [handle]),
    "camx_model_metadata": (c_char_p, [handle, c_char_p]),
    "camx_model_metadata_key": (c_char_p, [handle, c_uint32]),
    "camx_model_class_count": (c_uint32, [handle]),
    "camx_model_class_name": (c_char_p, [handle, c_uint32]),
    "camx_model_get_info": (status, [handle, P(s.camx_model_info), error]),
    # 5. Sessions
    "camx_session_options_init": (None, [P(s.camx_session_options), c_uint32]),
    "camx_session_open": (status, [handle, P(s.camx_session_options), new, error]),
    "camx_session_close": (None, [handle]),
    "camx_session_get_stats": (status, [handle, P(s.camx_session_stats), error]),
    "camx_session_layer_count": (c_uint32, [handle]),
    "camx_session_get_layer": (status, [handle, c_uint32, P(s.camx_layer_info), error]),
    "camx_session_find_layer": (status, [handle, c_char_p, P(c_uint32), error]),
    "camx_session_stage_count": (c_uint32, [handle]),
    "camx_session_get_stage": (status, [handle, c_uint32, P(s.camx_layer_info), error]),
    # 6. Inputs
    "camx_pixels_init": (
        None,
        [P(s.camx_pixels), c_uint32, c_int32, c_int32, c_int32, c_size_t, P(c_uint8)],
    ),
    "camx_input_options_for": (
        status,
        [handle, c_int32, P(s.camx_input_options), c_uint32, error],
    ),
    "camx_input_from_pixels": (
        status,
        [handle, P(s.camx_pixels), P(s.camx_input_options), new, error],
    ),
    "camx_input_from_floats": (status, [handle, floats, P(c_int64), c_uint32, new, error]),
    "camx_input_retain": (None, [handle]),
    "camx_input_release": (None, [handle]),
    "camx_input_image_count": (c_uint32, [handle]),
    "camx_input_values": (floats, [handle, P(c_int64)]),
    "camx_input_description": (c_char_p, [handle]),
    "camx_input_to_pixels": (status, [handle, c_uint32, P(s.camx_pixels), error]),
    # 7. Scores
    "camx_session_run": (status, [handle, handle, error]),
    "camx_session_image_count": (c_uint32, [handle]),
    "camx_session_scores": (status, [handle, c_uint32, c_int32, floats, c_size_t, error]),
    "camx_session_top": (
        status,
        [handle, c_uint32, P(s.camx_class_score), c_uint32, P(c_uint32), error],
    ),
    "camx_session_value": (status, [handle, c_char_p, floats, c_size_t, error]),
    "camx_profile_options_init": (None, [P(s.camx_profile_options), c_uint32]),
    "camx_session_profile": (status, [handle, handle, P(s.camx_profile_options), error]),
    "camx_session_profile_count": (c_uint32, [handle]),
    "camx_session_get_profile_row": (status, [handle, c_uint32, P(s.camx_profile_row), error]),
    # 8. Targets
    "camx_target_init": (None, [P(s.camx_target), c_uint32]),
    "camx_target_for_class": (None, [P(s.camx_target), c_uint32, c_int32]),
    "camx_session_gradient": (
        status,
        [handle, handle, P(s.camx_target), c_char_p, floats, c_size_t, error],
    ),
    # 9. Maps
    "camx_map_create": (status, [P(s.camx_allocator), new, error]),
    "camx_map_release": (None, [handle]),
    "camx_map_image_count": (c_uint32, [handle]),
    "camx_map_get_info": (status, [handle, c_uint32, P(s.camx_map_info), error]),
    "camx_map_values": (floats, [handle, c_uint32]),
    "camx_finding_text": (c_char_p, [c_int32]),
    "camx_map_scale": (status, [handle, c_uint32, c_int32, floats, c_size_t, error]),
    "camx_render_options_init": (None, [P(s.camx_render_options), c_uint32]),
    "camx_map_render": (
        status,
        [handle, c_uint32, P(s.camx_render_options), floats, c_int32, c_int32, error],
    ),
    "camx_box_options_init": (None, [P(s.camx_box_options), c_uint32]),
    "camx_map_boxes": (
        status,
        [handle, c_uint32, P(s.camx_box_options), P(s.camx_box), c_uint32, P(c_uint32), error],
    ),
    "camx_box_iou": (c_float, [P(s.camx_rect), P(s.camx_rect)]),
    "camx_map_focus_box": (
        status,
        [handle, c_uint32, P(s.camx_rect), P(s.camx_focus), error],
    ),
    "camx_map_focus_mask": (
        status,
        [handle, c_uint32, P(s.camx_pixels), c_int32, P(s.camx_focus), error],
    ),
    # 10. Methods
    "camx_cam_options_init": (None, [P(s.camx_cam_options), c_uint32]),
    "cam_compute": (
        status,
        [handle, handle, P(s.camx_target), P(s.camx_cam_options), handle, error],
    ),
    "camx_gradcam_options_init": (None, [P(s.camx_gradcam_options), c_uint32]),
    "gradcam_compute": (
        status,
        [handle, handle, P(s.camx_target), P(s.camx_gradcam_options), handle, error],
    ),
    "camx_gradcampp_options_init": (None, [P(s.camx_gradcampp_options), c_uint32]),
    "gradcampp_compute": (
        status,
        [handle, handle, P(s.camx_target), P(s.camx_gradcampp_options), handle, error],
    ),
    "camx_occlusion_options_init": (None, [P(s.camx_occlusion_options), c_uint32]),
    "camx_occlusion_options_captum": (None, [P(s.camx_occlusion_options), c_uint32]),
    "occlusion_map": (
        status,
        [handle, handle, P(s.camx_target), P(s.camx_occlusion_options), handle, error],
    ),
    "camx_occlusion_many": (
        status,
        [
            handle,
            handle,
            P(P(s.camx_target)),
            c_uint32,
            P(s.camx_occlusion_options),
            P(handle),
            error,
        ],
    ),
    "camx_explain_options_init": (None, [P(s.camx_explain_options), c_uint32]),
    "camx_explain": (
        status,
        [handle, c_int32, handle, P(s.camx_target), P(s.camx_explain_options), handle, error],
    ),
    "camx_explain_many": (
        status,
        [
            handle,
            c_int32,
            handle,
            P(P(s.camx_target)),
            c_uint32,
            P(c_char_p),
            c_uint32,
            P(s.camx_explain_options),
            P(handle),
            error,
        ],
    ),
    "camx_explain_stages": (
        status,
        [
            handle,
            c_int32,
            handle,
            P(s.camx_target),
            P(s.camx_explain_options),
            P(handle),
            c_uint32,
            error,
        ],
    ),
    "camx_method_at": (c_int32, [c_uint32]),
    "camx_method_name": (c_char_p, [c_int32]),
    "camx_method_summary": (c_char_p, [c_int32]),
    "camx_method_by_name": (c_int32, [c_char_p]),
    # 11. Activation maximisation
    "camx_objective_init": (None, [P(s.camx_objective), c_uint32]),
    "camx_objective_for_class": (None, [P(s.camx_objective), c_uint32, c_int32]),
    "camx_maximise_options_init": (None, [P(s.camx_maximise_options), c_uint32]),
    "camx_maximise": (
        status,
        [
            handle,
            P(P(s.camx_objective)),
            c_uint32,
            P(s.camx_maximise_options),
            P(handle),
            error,
        ],
    ),
    # 12. Pictures
    "camx_colormap_name": (c_char_p, [c_int32]),
    "camx_colormap_by_name": (c_int32, [c_char_p]),
    "camx_colormap_colour": (status, [c_int32, c_float, P(c_uint8), error]),
    "camx_overlay_options_init": (None, [P(s.camx_overlay_options), c_uint32]),
    "camx_overlay_draw": (
        status,
        [P(s.camx_pixels), floats, P(s.camx_overlay_options), P(s.camx_pixels), error],
    ),
    "camx_line_options_init": (None, [P(s.camx_line_options), c_uint32]),
    "camx_boxes_draw": (
        status,
        [P(s.camx_box), c_uint32, P(s.camx_line_options), P(s.camx_pixels), error],
    ),
    "camx_sheet_options_init": (None, [P(s.camx_sheet_options), c_uint32]),
    "camx_sheet_size": (
        status,
        [P(s.camx_tile), c_uint32, P(s.camx_sheet_options), P(c_int32), P(c_int32), error],
    ),
    "camx_sheet_draw": (
        status,
        [P(s.camx_tile), c_uint32, P(s.camx_sheet_options), P(s.camx_pixels), error],
    ),
}

IMAGE: Table = {
    "camx_image_options_init": (None, [P(s.camx_image_options), c_uint32]),
    "camx_image_read": (status, [c_char_p, P(s.camx_image_options), new, error]),
    "camx_image_read_memory": (
        status,
        [c_void_p, c_size_t, P(s.camx_image_options), new, error],
    ),
    "camx_image_release": (None, [handle]),
    "camx_image_get_pixels": (status, [handle, P(s.camx_pixels), c_uint32, error]),
    "camx_image_create": (status, [c_int32, c_int32, P(s.camx_image_options), new, error]),
    "camx_write_options_init": (None, [P(s.camx_write_options), c_uint32]),
    "camx_image_write": (
        status,
        [c_char_p, P(s.camx_pixels), P(s.camx_write_options), error],
    ),
    "camx_npy_write": (status, [c_char_p, floats, P(c_int64), c_uint32, error]),
}
