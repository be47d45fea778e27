/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models and fork. A thread may be planning, under a model's lock, while another one forks: the child would inherit a lock
 * that nobody opens any more. So all models are in a list, and whoever forks takes all their locks first.
 */
#include "base/error.h"
#include "run/model_private.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static camx_model *newest;
static bool handled;

static void before_fork(void)
{
    pthread_mutex_lock(&list_lock);
    for (camx_model *model = newest; model != NULL; model = model->older)
        pthread_mutex_lock(&model->lock);
}

/* In the parent and in the child. */
static void after_fork(void)
{
    for (camx_model *model = newest; model != NULL; model = model->older)
        pthread_mutex_unlock(&model->lock);
    pthread_mutex_unlock(&list_lock);
}

static void handle_fork(void)
{
    handled = pthread_atfork(before_fork, after_fork, after_fork) == 0;
}

camx_status camx__model_list_add(camx_model *model, camx_error *error)
{
    pthread_once(&once, handle_fork);
    if (!handled)
        return camx__fail(error, CAMX_E_MEMORY, "out of memory: the system takes no handler for fork()");
    pthread_mutex_lock(&list_lock);
    model->older = newest;
    if (newest != NULL)
        newest->newer = model;
    newest = model;
    model->listed = true;
    pthread_mutex_unlock(&list_lock);
    return CAMX_OK;
}

void camx__model_list_remove(camx_model *model)
{
    if (!model->listed)
        return;
    pthread_mutex_lock(&list_lock);
    if (model->newer != NULL)
        model->newer->older = model->older;
    else
        newest = model->older;
    if (model->older != NULL)
        model->older->newer = model->newer;
    pthread_mutex_unlock(&list_lock);
}
