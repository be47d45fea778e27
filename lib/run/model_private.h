/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about models share. */
#ifndef CAMX_RUN_MODEL_PRIVATE_H
#define CAMX_RUN_MODEL_PRIVATE_H

#include "graph/bind.h"
#include "run/model.h"

/* Frees all cached graphs and programs; nobody may use them any more. */
void camx__model_free_cache(camx_model *model);

/* Puts a model into the list of those whose locks are taken before a fork, and takes it out (if it is there). */
camx_status camx__model_list_add(camx_model *model, camx_error *error);
void camx__model_list_remove(camx_model *model);

/* Class names from the metadata key camx.labels: one a line. */
camx_status camx__model_read_labels(camx_model *model, camx_error *error);

#endif
