/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx.hpp and camx_opencv.hpp on the tiny network of tiny_onnx.py. The numbers of the methods are tested
 * elsewhere; here: ownership, exceptions, callbacks, and that every function reaches the library.
 */
#include "camx_opencv.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <type_traits>

namespace {

int failures = 0;

void expect(bool condition, const char *what, int line)
{
    if (!condition) {
        std::fprintf(stderr, "test_cpp.cpp:%d: %s\n", line, what);
        failures++;
    }
}
#define EXPECT(condition) expect((condition), #condition, __LINE__)

/* The status that `action` fails with, CAMX_OK if it does not. */
template <class Action> camx_status status_of(const Action &action)
{
    try {
        action();
    } catch (const camx::error &error) {
        EXPECT(error.what()[0] != '\0');
        return error.status();
    }
    return CAMX_OK;
}

std::vector<char> read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

camx::input tensor(const camx::model &model, std::int64_t images)
{
    std::vector<float> values(static_cast<std::size_t>(images) * 3 * 8 * 8);
    for (std::size_t i = 0; i < values.size(); i++)
        values[i] = static_cast<float>((i * 37) % 101) / 50.0f - 1.0f;
    return camx::input::from_floats(model, values, {images, 3, 8, 8});
}

void test_model(const std::string &path)
{
    camx::model model(path);
    EXPECT(model.class_count() == 5);
    EXPECT(model.class_name(1) == "bee");
    EXPECT(model.class_name(99).empty());
    EXPECT(model.metadata("camx.crop") == std::string_view("8"));
    EXPECT(!model.metadata("nothing").has_value());
    EXPECT(model.metadata_keys().size() == 5);
    EXPECT(std::string_view(model.info().input_name) == "image");

    std::vector<char> bytes = read_file(path);
    camx::model from_memory = camx::model::from_memory(bytes.data(), bytes.size());
    camx::model copy = from_memory;
    camx::model moved = std::move(from_memory);
    EXPECT(copy.get() == moved.get());
    copy = model;
    EXPECT(copy.get() == model.get() && moved.class_count() == 5);

    EXPECT(status_of([] { camx::model("/nowhere/net.onnx"); }) == CAMX_E_IO);
    EXPECT(status_of([&] { camx::model::from_memory("junk", 4); }) == CAMX_E_FORMAT);
    camx::model_options options;
    options.max_nodes = 2;
    EXPECT(status_of([&] { camx::model(path, options); }) == CAMX_E_LIMIT);
}

void test_inputs(const camx::model &model)
{
    std::vector<std::uint8_t> rgb(3 * 12 * 10, 77);
    camx::input input(model, camx::pixels(rgb.data(), 12, 10));
    EXPECT(input && input.image_count() == 1);
    EXPECT(input.values().size() == 3 * 8 * 8);
    EXPECT(std::fabs(input.values()[0] - (77.0f - 100.0f) / 50.0f) < 1e-5f);
    EXPECT(!input.description().empty());
    camx::input copy = input;
    EXPECT(copy.get() == input.get());

    camx::input_options options(model, CAMX_PRESET_UNIT);
    options.fit = CAMX_FIT_STRETCH;
    options.width = 16;
    options.height = 12;
    camx::input stretched(model, camx::pixels(rgb.data(), 12, 10), options);
    EXPECT((stretched.shape() == std::array<std::int64_t, 4>{1, 3, 12, 16}));

    camx::input none;
    EXPECT(!none && none.image_count() == 0 && none.values().empty());
    std::vector<float> few(10);
    EXPECT(status_of([&] { camx::input::from_floats(model, few, {1, 3, 8, 8}); }) == CAMX_E_ARGUMENT);
}

void test_session(const camx::model &model)
{
    camx::session_options options;
    options.threads = 1;
    camx::session session(model, options, {"relu1"});
    EXPECT(session.image_count() == 0);
    EXPECT(status_of([&] { session.logits(); }) == CAMX_E_STATE);
    session.run(tensor(model, 2));
    session.run();
    EXPECT(session.image_count() == 2);
    std::vector<float> logits = session.logits(1), probabilities = session.probabilities(1);
    double sum = 0;
    for (float p : probabilities)
        sum += p;
    EXPECT(logits.size() == 5 && std::fabs(sum - 1) < 1e-5);
    std::vector<camx_class_score> top = session.top(9, 1);
    EXPECT(top.size() == 5);
    EXPECT(top[0].logit == logits[static_cast<std::size_t>(top[0].class_index)]);
    EXPECT(session.stats().forward_runs == 2 && session.stats().threads == 1);

    camx_layer_info features = session.find_layer();
    EXPECT(std::string_view(features.name) == "features" && features.channels == 6);
    EXPECT(session.layer_count() >= 7);
    std::vector<camx_profile_row> steps = session.profile({}, 2);
    EXPECT(steps.size() == session.stats().steps);
    EXPECT(session.profile({}, 1, true, features.name).size() > steps.size());
    EXPECT(status_of([&] { session.profile({}, -1); }) == CAMX_E_ARGUMENT);
    std::vector<float> values(2 * 6 * 4 * 4);
    session.value("features", values);
    std::vector<float> relu(2 * 4 * 8 * 8);
    session.value("relu1", relu);
    session.gradient("features", values, camx::target::classes({0, 3}));
    EXPECT(values[0] == values[15] && values[0] != 0);
    EXPECT(status_of([&] { session.value("features", relu); }) == CAMX_E_ARGUMENT);
    EXPECT(status_of([&] { session.find_layer("nothing"); }) == CAMX_E_NOT_FOUND);

    camx::session moved = std::move(session);
    EXPECT(moved.logits(1) == logits && session.get() == nullptr);
    static_assert(!std::is_copy_constructible<camx::session>::value, "sessions have one owner");
    static_assert(!std::is_copy_constructible<camx::map>::value, "maps have one owner");
}

void test_methods(const camx::model &model)
{
    camx::session session(model);
    camx::map first = camx::gradcam(session, tensor(model, 1), 1);
    camx::map other = camx::gradcam(session, {}, 3);
    camx::map pair = camx::gradcam(session, {}, camx::target::pair(1, 3));
    camx::map seed = camx::gradcam(session, {}, camx::target::seed({0, 1, 0, -1, 0}));
    camx::map against = camx::gradcam(session, {}, camx::target(1).negated());
    for (std::size_t i = 0; i < first.values().size(); i++) {
        float difference = first.values()[i] - other.values()[i];
        EXPECT(std::fabs(pair.values()[i] - difference) < 1e-5f);
        EXPECT(std::fabs(seed.values()[i] - difference) < 1e-5f);
        EXPECT(std::fabs(against.values()[i] + first.values()[i]) < 1e-5f);
    }
    EXPECT(session.stats().forward_runs == 1);
    EXPECT(first.info().method == CAMX_METHOD_GRADCAM && first.info().class_index == 1);
    EXPECT(status_of([&] { camx::gradcam(session, {}, camx::target::seed({1, 2})); }) ==
           CAMX_E_ARGUMENT);
    EXPECT(status_of([&] { camx::gradcam(session, {}, 99); }) != CAMX_OK);

    camx::gradcampp(first, session, {}, 1, "relu1"); /* the caller's map again, of another size */
    EXPECT(first.values().size() == 64 && first.scaled().size() == 64);
    EXPECT(camx::gradcampp(session, {}, 1, "", CAMX_GRADCAMPP_MEAN_POSITIVE).image_count() == 1);
    EXPECT(camx::cam(session).info().method == CAMX_METHOD_CAM);
    EXPECT(camx::explain(session, CAMX_METHOD_GRADCAM, {}, 1).values().size() == 16);
    EXPECT(status_of([&] { camx::explain(session, 99); }) == CAMX_E_NOT_FOUND);
    camx::session fresh(model);
    std::vector<camx::map> many = camx::explain_many(fresh, CAMX_METHOD_GRADCAM, {camx::target(1), camx::target(3)},
                                                     {"relu1", ""}, tensor(model, 1));
    EXPECT(many.size() == 4 && many[0].values().size() == 64 && many[3].info().class_index == 3);
    EXPECT(fresh.stats().forward_runs == 1 && fresh.stats().backward_runs == 2);
    for (std::size_t i = 0; i < other.values().size(); i++)
        EXPECT(std::fabs(many[3].values()[i] - other.values()[i]) < 1e-5f);
    EXPECT(camx::explain_many(fresh, CAMX_METHOD_CAM, {}).size() == 1);
    EXPECT(status_of([&] { camx::explain_many(fresh, CAMX_METHOD_GRADCAM, {}, {"nowhere"}); }) ==
           CAMX_E_NOT_FOUND);
    std::vector<camx::map> stages = camx::explain_stages(fresh, CAMX_METHOD_GRADCAM, tensor(model, 1), 3);
    EXPECT(!stages.empty() && stages.size() == fresh.stages().size());
    EXPECT(std::string(stages.back().info().layer) == fresh.find_layer().name);
    EXPECT(status_of([&] { camx::explain_stages(fresh, CAMX_METHOD_CAM); }) != CAMX_OK);
    camx::box_options everything;
    everything.share = 0.001f;
    std::vector<camx_box> boxes = other.boxes(everything);
    camx_rect all{0, 0, other.info().photo_width, other.info().photo_height};
    EXPECT(!boxes.empty() && camx::iou(all, all) == 1.0f && camx::iou(boxes[0].rect, all) <= 1.0f);
    EXPECT(std::fabs(other.focus(all).heat_share - 1) < 1e-9);
    std::vector<std::uint8_t> white(static_cast<std::size_t>(all.width * all.height), 255);
    camx_pixels mask = camx::pixels(white.data(), all.width, all.height, CAMX_PIXEL_GREY);
    EXPECT(other.focus(mask).area_share == 1);
    all.x = 1;
    EXPECT(status_of([&] { other.focus(all); }) == CAMX_E_ARGUMENT);
    camx::line_options line;
    line.colour[0] = line.colour[1] = line.colour[2] = 9;
    camx::draw_boxes(mask, std::vector<camx_box>{camx_box{{0, 0, 4, 4}, 0, 0, 0, 0, 0, 0}}, line);
    EXPECT(white[0] == 9);
    std::vector<float> heat = other.render(20, 10);
    EXPECT(heat.size() == 200);
    EXPECT(status_of([&] { other.render(-1, 10); }) == CAMX_E_ARGUMENT);
}

void test_occlusion(const camx::model &model)
{
    camx::session session(model);
    session.run(tensor(model, 1));
    camx::occlusion_options options = camx::occlusion_options::captum();
    options.patch_width = 2;
    options.stride_x = options.stride_y = 1;
    std::uint64_t last = 0;
    options.on_progress = [&](std::uint64_t done, std::uint64_t total) {
        last = done;
        return done <= total;
    };
    camx::map whole = camx::occlusion(session, {}, camx::target(1).with_score(CAMX_SCORE_LOGIT), options);
    EXPECT(last > 0 && last == whole.info().total && whole.values().size() == 64);
    std::vector<camx::map> both = camx::occlusion_many(
        session, {camx::target(1).with_score(CAMX_SCORE_LOGIT), camx::target(2)}, {}, options);
    EXPECT(both.size() == 2 && both[0].values()[9] == whole.values()[9] && both[1].info().class_index == 2);
    EXPECT(status_of([&] { camx::occlusion_many(session, {camx::target(99)}, {}, options); }) == CAMX_E_NOT_FOUND);

    options.on_progress = [](std::uint64_t, std::uint64_t) { return false; };
    try {
        camx::occlusion(session, {}, 1, options);
        EXPECT(false && "a cancelled call returned");
    } catch (const camx::stopped &reason) {
        EXPECT(reason.status() == CAMX_E_CANCELLED && reason.partial() != nullptr);
        EXPECT(reason.partial()->info().finding == CAMX_FINDING_PARTIAL);
        EXPECT(!reason.partial()->finding_text().empty());
    }
    options.on_progress = [](std::uint64_t, std::uint64_t) -> bool { throw 42; };
    int caught = 0;
    try {
        camx::occlusion(session, {}, 1, options);
    } catch (int number) {
        caught = number;
    }
    EXPECT(caught == 42);
    camx::explain_options general;
    general.on_progress = options.on_progress;
    caught = 0;
    try {
        camx::explain(session, CAMX_METHOD_OCCLUSION, {}, 1, general);
    } catch (int number) {
        caught = number;
    }
    EXPECT(caught == 42);
}

void test_pictures(const camx::model &model)
{
    camx::session session(model);
    cv::Mat photo(12, 16, CV_8UC3);
    for (int i = 0; i < 12 * 16; i++) {
        photo.data[3 * i] = 200; /* blue */
        photo.data[3 * i + 1] = 100;
        photo.data[3 * i + 2] = static_cast<std::uint8_t>(i);
    }
    camx::map map = camx::gradcam(session, camx::input(model, camx::pixels(photo)), 2);
    EXPECT(map.info().photo_width == 16 && map.info().photo_height == 12);
    cv::Mat heat = camx::render(map, photo.size());
    EXPECT(heat.rows == 12 && heat.cols == 16 && heat.type() == CV_32FC1);
    std::vector<float> same = map.render(16, 12);
    for (std::size_t i = 0; i < same.size(); i++)
        EXPECT(heat.ptr<float>()[i] == same[i] || (std::isnan(same[i]) && std::isnan(heat.ptr<float>()[i])));

    cv::Mat painted = camx::overlay(photo, heat);
    std::vector<std::uint8_t> rgb = camx::overlay(camx::pixels(photo), same);
    for (std::size_t i = 0; i < rgb.size(); i += 3) {
        EXPECT(painted.data[i] == rgb[i + 2] && painted.data[i + 1] == rgb[i + 1]);
        EXPECT(painted.data[i + 2] == rgb[i]);
    }
    camx::overlay_options plain;
    plain.alpha = 0;
    cv::Mat untouched = camx::overlay(photo, heat, plain);
    for (int i = 0; i < 12 * 16 * 3; i++)
        EXPECT(untouched.data[i] == photo.data[i]);
    cv::Mat small(2, 2, CV_32FC1);
    EXPECT(status_of([&] { camx::overlay(photo, small); }) == CAMX_E_ARGUMENT);
    EXPECT(status_of([&] { camx::pixels(small); }) == CAMX_E_ARGUMENT);
    EXPECT(status_of([&] { camx::overlay(camx::pixels(photo), std::vector<float>(3)); }) ==
           CAMX_E_ARGUMENT);
}

void test_maximise(const camx::model &model)
{
    camx::session session(model);
    camx::maximise_options options;
    options.steps = 20;
    camx::input made = camx::maximise(session, 2, options);
    EXPECT((made.shape() == std::array<std::int64_t, 4>{1, 3, 8, 8}));
    EXPECT(made.pixels().size() == 8 * 8 * 3);
    float excited = session.scores(CAMX_SCORE_LOGIT)[2]; /* it is the last input */
    options.steps = 0;
    camx::maximise(session, 2, options);
    EXPECT(excited > session.scores(CAMX_SCORE_LOGIT)[2]);

    /* Several objectives, from what was made: further on from there. */
    options.steps = 5;
    options.start = made;
    std::vector<std::uint32_t> steps;
    options.frame_every = 2;
    options.on_frame = [&](const camx_pixels &picture, std::uint32_t step) {
        EXPECT(picture.width == 8 && picture.height == 8 && picture.data != nullptr);
        steps.push_back(step);
        return true;
    };
    camx::input further = camx::maximise(session, {2, camx::objective(1).with_weight(-0.5f)}, options);
    EXPECT((steps == std::vector<std::uint32_t>{0, 2, 4}));
    EXPECT(further.pixels() != made.pixels());
    camx::maximise(session, camx::objective::layer(), options);
    camx::maximise(session, camx::objective::channel(0), options);
    camx::maximise(session, camx::objective::neuron(0, {}, 1, 1), options);
    EXPECT(status_of([&] { camx::maximise(session, camx::objective::channel(999)); }) == CAMX_E_NOT_FOUND);
    EXPECT(status_of([&] { camx::maximise(session, camx::objective::layer("nothing")); }) == CAMX_E_NOT_FOUND);
    EXPECT(status_of([&] { camx::maximise(session, std::vector<camx::objective>()); }) == CAMX_E_ARGUMENT);
}

void test_maximise_stopped(const camx::model &model)
{
    camx::session session(model);
    camx::maximise_options options;
    options.on_progress = [](std::uint64_t done, std::uint64_t) { return done < 3; };
    try {
        camx::maximise(session, 2, options);
        EXPECT(false); /* it should have been stopped */
    } catch (const camx::stopped &reason) {
        EXPECT(reason.status() == CAMX_E_CANCELLED);
        EXPECT(!reason.partial() && reason.picture().pixels().size() == 8 * 8 * 3);
    }
    options.on_progress = nullptr;
    options.on_frame = [](const camx_pixels &, std::uint32_t) -> bool { throw std::out_of_range("mine"); };
    bool mine = false;
    try {
        camx::maximise(session, 2, options);
    } catch (const std::out_of_range &) {
        mine = true;
    }
    EXPECT(mine);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s tiny.onnx\n", argv[0]);
        return 2;
    }
    EXPECT(!camx::version().empty());
    try {
        test_model(argv[1]);
        camx::model model(argv[1]);
        test_inputs(model);
        test_session(model);
        test_methods(model);
        test_occlusion(model);
        test_pictures(model);
        test_maximise(model);
        test_maximise_stopped(model);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "unexpected: %s\n", error.what());
        return 1;
    }
    std::printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
