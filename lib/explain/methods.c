/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of methods. */
#include "explain/methods.h"

static camx_status by_cam(camx_session *session, camx_input *input, const camx_target *target,
                          const camx_explain_options *options, camx_map *map, camx_error *error)
{
    if (options->layer != NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "CAM looks at the layer before the global pool and takes no other: leave the layer out, or "
                          "use Grad-CAM for '%.100s'",
                          options->layer);
    return camx__cam(session, input, target, NULL, map, error);
}

static camx_status by_gradcam(camx_session *session, camx_input *input, const camx_target *target,
                              const camx_explain_options *options, camx_map *map, camx_error *error)
{
    camx_gradcam_options own;
    camx_gradcam_options_init(&own);
    own.layer = options->layer;
    return camx__gradcam(session, input, target, &own, map, error);
}

static camx_status by_gradcampp(camx_session *session, camx_input *input, const camx_target *target,
                                const camx_explain_options *options, camx_map *map, camx_error *error)
{
    camx_gradcampp_options own;
    camx_gradcampp_options_init(&own);
    own.layer = options->layer;
    return camx__gradcampp(session, input, target, &own, map, error);
}

static camx_status refuse_layer(const char *layer, camx_error *error)
{
    return camx__fail(error, CAMX_E_ARGUMENT,
                      "occlusion covers the picture and looks at no layer: leave '%.100s' out", layer);
}

static camx_status by_occlusion(camx_session *session, camx_input *input, const camx_target *const *targets,
                                uint32_t count, const camx_explain_options *options, camx_map *const *maps,
                                camx_error *error)
{
    camx_occlusion_options own;
    camx_occlusion_options_init(&own);
    if (options->layer != NULL)
        return refuse_layer(options->layer, error);
    own.progress = options->progress;
    own.progress_user = options->progress_user;
    own.deadline = options->deadline;
    return camx__occlusion_many(session, input, targets, count, &own, maps, error);
}

/* Every layer is the same to occlusion: all maps come from the runs of one call. */
static camx_status by_occlusion_many(camx_session *session, camx_input *input, const camx__many *many,
                                     const camx_explain_options *options, camx_map *const *maps, camx_error *error)
{
    size_t count = (size_t)many->target_count * many->layer_count;
    camx_explain_options own = *options;
    own.layer = NULL;
    for (uint32_t l = 0; l < many->layer_count; l++)
        if (many->layers[l] != NULL)
            return refuse_layer(many->layers[l], error);
    const camx_target **targets = camx__alloc(session->memory, count, sizeof *targets);
    if (targets == NULL)
        return camx__fail_memory(error, count * sizeof *targets, "the targets");
    for (size_t i = 0; i < count; i++)
        targets[i] = many->targets[i / many->layer_count];
    camx_status status = by_occlusion(session, input, targets, (uint32_t)count, &own, maps, error);
    camx__free(session->memory, targets);
    return status;
}

static const camx__method table[] = {
    {CAMX_METHOD_CAM, "cam", "class activation mapping: the dense layer's weights times the last feature maps",
     by_cam, NULL, NULL},
    {CAMX_METHOD_GRADCAM, "gradcam", "Grad-CAM: mean gradients times feature maps, at any layer", by_gradcam,
     camx__gradcam_many, NULL},
    {CAMX_METHOD_GRADCAMPP, "gradcampp",
     "Grad-CAM++: weighted positive gradients times feature maps, for several objects of a class", by_gradcampp,
     camx__gradcampp_many, NULL},
    {CAMX_METHOD_OCCLUSION, "occlusion", "occlusion: how far the score falls when a patch is covered",
     NULL, by_occlusion_many, by_occlusion},
    {CAMX_METHOD_HIRESCAM, "hirescam", "HiResCAM: gradient times feature map at every place, not averaged",
     camx__hirescam, camx__hirescam_many, NULL},
    {CAMX_METHOD_LAYERCAM, "layercam", "LayerCAM: positive gradients times feature maps, for early layers too",
     camx__layercam, camx__layercam_many, NULL},
    {CAMX_METHOD_XGRADCAM, "xgradcam", "XGrad-CAM: Grad-CAM with the gradients averaged by the activations",
     camx__xgradcam, camx__xgradcam_many, NULL},
    {CAMX_METHOD_ELEMENTWISE, "elementwise", "element-wise Grad-CAM: the positive products of gradient and feature map",
     camx__elementwise, camx__elementwise_many, NULL},
    {CAMX_METHOD_EIGENCAM, "eigencam", "Eigen-CAM: the first principal component of the feature maps, for no class",
     camx__eigencam, NULL, NULL},
    {CAMX_METHOD_EIGENGRADCAM, "eigengradcam", "Eigen-Grad-CAM: the same of gradient times feature map",
     camx__eigengradcam, NULL, NULL},
    {CAMX_METHOD_SCORECAM, "scorecam", "Score-CAM: feature maps weighed by the score of the picture behind them; slow",
     NULL, NULL, camx__scorecam},
    {CAMX_METHOD_ABLATIONCAM, "ablationcam", "Ablation-CAM: feature maps weighed by how far the score falls without them",
     NULL, NULL, camx__ablationcam},
    {CAMX_METHOD_RECIPROCAM, "reciprocam", "Recipro-CAM: the score of each position of the layer alone",
     NULL, NULL, camx__reciprocam},
    {CAMX_METHOD_FULLGRAD, "fullgrad", "FullGrad: the gradients at the input and at every bias, added up",
     NULL, NULL, camx__fullgrad},
    {CAMX_METHOD_SALIENCY, "saliency", "saliency: the gradient of the score by every pixel", camx__saliency, NULL, NULL},
    {CAMX_METHOD_GUIDED_BACKPROP, "guided_backprop",
     "guided backpropagation: the gradient by every pixel, of which every ReLU passes only what is positive",
     camx__guided_backprop, NULL, NULL},
    {CAMX_METHOD_GUIDED_GRADCAM, "guided_gradcam", "Guided Grad-CAM: guided backpropagation times Grad-CAM",
     camx__guided_gradcam, NULL, NULL},
    {CAMX_METHOD_SMOOTHGRAD, "smoothgrad", "SmoothGrad: the mean gradient by the pixels of noisy copies",
     camx__smoothgrad, NULL, NULL},
    {CAMX_METHOD_INTEGRATED_GRADIENTS, "integrated_gradients",
     "Integrated Gradients: what every pixel adds to the score on the way from a baseline", camx__integrated_gradients,
     NULL, NULL},
    {CAMX_METHOD_RISE, "rise", "RISE: the mean of random masks, weighed by the score of the picture behind them; slow",
     NULL, NULL, camx__rise},
};

const camx__method *camx__method_at(uint32_t index)
{
    return index < sizeof table / sizeof table[0] ? &table[index] : NULL;
}
