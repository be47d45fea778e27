/* SPDX-License-Identifier: Apache-2.0 */
/* How many images a session's last input has: before there is one, after runs, and after calls that failed. */
#include <check.h>

#include "api_support.h"

START_TEST(the_last_input_counts)
{
    api_net grey_net = API_NET;
    grey_net.channels = 1;
    camx_model *model = api_net_open(&API_NET, NULL), *grey = api_net_open(&grey_net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_map *map = api_map();
    camx_input *three = api_random_input(model, 1, 3, 3, 8, 8), *one = api_random_input(model, 2, 1, 3, 8, 8);
    camx_input *other = api_random_input(grey, 3, 2, 1, 8, 8);

    ck_assert_uint_eq(camx_session_image_count(NULL), 0);
    ck_assert_uint_eq(camx_session_image_count(session), 0);
    EXPECT(camx_session_run(session, other, &error), CAMX_E_SHAPE, "channels");
    ck_assert_uint_eq(camx_session_image_count(session), 0);
    GOOD(camx_session_run(session, three, &error));
    ck_assert_uint_eq(camx_session_image_count(session), 3);

    /* Refused: the last input stays, and can be asked. */
    EXPECT(camx_session_run(session, other, &error), CAMX_E_SHAPE, "channels");
    ck_assert_uint_eq(camx_session_image_count(session), 3);
    GOOD(gradcam_compute(session, NULL, NULL, NULL, map, &error));
    ck_assert_uint_eq(camx_map_image_count(map), 3);

    /* Taken, and then something else was wrong. */
    camx_gradcam_options options;
    camx_gradcam_options_init(&options);
    options.layer = "no such layer";
    EXPECT(gradcam_compute(session, one, NULL, &options, map, &error), CAMX_E_NOT_FOUND, "no such layer");
    ck_assert_uint_eq(camx_session_image_count(session), 1);
    GOOD(gradcam_compute(session, NULL, NULL, NULL, map, &error));
    ck_assert_uint_eq(camx_map_image_count(map), 1);

    camx_map_release(map);
    camx_input_release(three);
    camx_input_release(one);
    camx_input_release(other);
    camx_session_close(session);
    camx_model_release(model);
    camx_model_release(grey);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_count");
    TCase *count = tcase_create("count");

    tcase_add_test(count, the_last_input_counts);
    suite_add_tcase(suite, count);
    return api_run(suite);
}
