/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operator, one line each, in the order of strcmp on the ONNX name: CAMX__OP(row) stands for the
 * variable camx__op_row, a const camx__op defined in the operator's file.
 */
