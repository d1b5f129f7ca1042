/* SPDX-License-Identifier: MIT */
/* Bodies of answers while memory runs out: the n-th allocation fails, for n = 1, 2, … until none is left to fail. What is
 * not whole says so, and is never read back past its end. */
#include <string.h>

#include "lib/test.h"
#include "serve/content.h"

static const struct content_options options = {.processes = true, .history_bytes = 1};

static void put_metrics(struct buf *b, const actop_sample_t *s)
{
    static const struct content_self self = {.requests = 1};
    content_metrics(b, s, &options, &self, false);
}

static void put_sample(struct buf *b, const actop_sample_t *s)
{
    content_sample(b, s, &options);
}

static void put_info(struct buf *b, const actop_sample_t *s)
{
    content_info(b, s, &options);
}

static const struct {
    const char *what;
    void (*put)(struct buf *b, const actop_sample_t *s);
} bodies[] = {
    {"metrics", put_metrics},   {"sample", put_sample}, {"info", put_info},
    {"macmon", content_macmon}, {"page", content_page},
};

static void try_body(size_t i, const actop_sample_t *s)
{
    struct buf whole = BUF_INIT;
    bodies[i].put(&whole, s);
    assert_false(whole.failed);
    for (long n = 1;; n++) {
        struct buf b = BUF_INIT;
        alloc_fail_nth(n);
        bodies[i].put(&b, s);
        bool failed = alloc_failed();
        alloc_fail_nth(0);
        CHECK_ROW(b.failed == failed, bodies[i].what);
        CHECK_ROW(failed || (bodies[i].put == put_metrics /* also tells of this process */
                             || strcmp(b.data, whole.data) == 0),
                  bodies[i].what);
        buf_release(&b);
        if (!failed)
            break;
    }
    buf_release(&whole);
}

static void a_body_without_memory_says_so(void **state)
{
    actop_options o = ACTOP_OPTIONS_INIT;
    actop_session *s = NULL;
    (void)state;
    o.source = "sim:m1";
    assert_int_equal(actop_open(&o, &s, NULL), ACTOP_OK);
    assert_non_null(actop_sample(s, NULL));
    const actop_sample_t *sample = actop_sample(s, NULL);
    assert_non_null(sample);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        try_body(i, sample);
    actop_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
