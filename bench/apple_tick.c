/* SPDX-License-Identifier: MIT */
/* apple_tick MACHINES NAME TICKS: what a tick of the Apple source costs over the fake of a machine, beside a bare loop that makes only
 * the same calls. One tick is looked on and its calls kept: which, with what, and which argument is what an earlier call of
 * the tick gave. The bare loop makes them again; what making them costs beside the calls themselves is measured with calls that do
 * nothing, and taken off. All take turns in one process; time is the process's own, user and system.
 *
 * Prints: ns of the calls alone, of a tick of the source, of it with decoding and judging, of opening and describing; calls of a
 * tick; resident bytes. With a fourth word: the calls of a tick by name, for docs/macos.md.
 * Calls are passed on as six words, which is how the C ABIs of x86-64 and arm64 pass pointers and integers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake_apple/fake.h"
#include "session/session.h"
#include "source/apple/apple.h"

enum { ARGS = 6, MAX_CALLS = 65536, ROUNDS = 40 };
typedef uintptr_t any_call(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

/* Arguments that point into the caller's stack: IN is copied, OUT goes to scratch, SIZE is both and starts anew each time, GIVES is
 * a pointer that a later call gets. */
enum how { PLAIN, IN, OUT, SIZE, GIVES };
static const struct pointer_args {
    enum apple_row row;
    uint8_t how[ARGS];
    uint8_t in_bytes;
} pointer_args[] = {
    {APPLE_ROW_IOConnectCallStructMethod, {PLAIN, PLAIN, IN, PLAIN, OUT, SIZE}, 80},
    {APPLE_ROW_CFNumberGetValue, {PLAIN, PLAIN, OUT}, 0},
    {APPLE_ROW_CFStringGetCString, {PLAIN, OUT}, 0},
    {APPLE_ROW_IORegistryEntryGetRegistryEntryID, {PLAIN, OUT}, 0},
    {APPLE_ROW_IORegistryEntryGetChildIterator, {PLAIN, PLAIN, OUT}, 0},
    {APPLE_ROW_IOServiceGetMatchingServices, {PLAIN, PLAIN, OUT}, 0},
    {APPLE_ROW_IORegistryEntryCreateCFProperties, {PLAIN, GIVES}, 0},
    {APPLE_ROW_sysctl, {IN, PLAIN, OUT, SIZE}, 24},
    {APPLE_ROW_sysctlbyname, {PLAIN, OUT, SIZE}, 0},
    {APPLE_ROW_gettimeofday, {OUT}, 0},
    {APPLE_ROW_host_statistics64, {PLAIN, PLAIN, OUT, SIZE}, 0},
    {APPLE_ROW_host_processor_info, {PLAIN, PLAIN, OUT, GIVES, OUT}, 0},
    {APPLE_ROW_proc_pidinfo, {PLAIN, PLAIN, PLAIN, OUT}, 0},
    {APPLE_ROW_proc_pid_rusage, {PLAIN, PLAIN, OUT}, 0},
    {APPLE_ROW_notify_get_state, {PLAIN, OUT}, 0},
};

struct call {
    any_call *function;
    uintptr_t arg[ARGS];
    int32_t from
        [ARGS]; /* call whose result it is, or ~call for what that one gave; INT32_MAX: neither */
    uint8_t how[ARGS];
    char in[80];
    uintptr_t size, result, given;
};

static struct call calls[MAX_CALLS];
static size_t n_calls;
static bool looking;
static any_call *functions[APPLE_ROW_COUNT];
static char scratch[1 << 20];
static uintptr_t given;

static const struct pointer_args *pointers_of(enum apple_row row)
{
    for (size_t i = 0; i < sizeof pointer_args / sizeof pointer_args[0]; i++)
        if (pointer_args[i].row == row)
            return &pointer_args[i];
    return NULL;
}

/* The latest call that gave this word; only pointers are looked for. */
static int32_t origin_of(uintptr_t word)
{
    for (size_t i = n_calls; word > 1 << 20 && i-- > 0;) {
        if (calls[i].result == word)
            return (int32_t)i;
        if (calls[i].given == word)
            return ~(int32_t)i;
    }
    return INT32_MAX;
}

static uintptr_t look_on(enum apple_row row, const uintptr_t arg[ARGS])
{
    const struct pointer_args *p = looking ? pointers_of(row) : NULL;
    struct call *c = looking && n_calls < MAX_CALLS ? &calls[n_calls] : NULL;
    uintptr_t result;
    for (int i = 0; c != NULL && i < ARGS; i++) {
        c->how[i] = p != NULL && arg[i] != 0 ? p->how[i] : PLAIN;
        c->arg[i] = arg[i];
        c->from[i] = c->how[i] == PLAIN ? origin_of(arg[i]) : INT32_MAX;
        if (c->how[i] == IN)
            memcpy(c->in, (const void *)arg[i], p->in_bytes);
        if (c->how[i] == SIZE)
            memcpy(&c->size, (const void *)arg[i], row == APPLE_ROW_host_statistics64 ? 4 : 8);
    }
    result = functions[row](arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    for (int i = 0; c != NULL && i < ARGS; i++)
        if (c->how[i] == GIVES)
            memcpy(&c->given, (const void *)arg[i], sizeof c->given);
    if (c != NULL) {
        c->function = functions[row];
        c->result = result;
        n_calls++;
    }
    return result;
}

#define X(lib, ret, name, args)                                                                    \
    static uintptr_t spy_##name(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e,   \
                                uintptr_t f)                                                       \
    {                                                                                              \
        return look_on(APPLE_ROW_##name, (const uintptr_t[ARGS]){a, b, c, d, e, f});               \
    }
APPLE_API_MAP(X)
#undef X

/* The table through which one tick is looked on, and the functions behind it. */
static void make_spies(struct apple_api *api)
{
    any_call *spy;
    fake_fill(api);
#define X(lib, ret, name, args)                                                                    \
    memcpy(&functions[APPLE_ROW_##name], &api->name, sizeof api->name);                            \
    spy = spy_##name;                                                                              \
    memcpy(&api->name, &spy, sizeof spy);
    APPLE_API_MAP(X)
#undef X
}

/* ---- The bare loop ------------------------------------------------------------------------------------------------------ */

static uintptr_t nothing(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e,
                         uintptr_t f)
{
    return a + b + c + d + e + f;
}

static uintptr_t argument(struct call *c, int i)
{
    switch (c->how[i]) {
    case IN:
        return (uintptr_t)c->in;
    case OUT:
        return (uintptr_t)scratch;
    case SIZE:
        c->given = c->size;
        return (uintptr_t)&c->given;
    case GIVES:
        return (uintptr_t)&c->given;
    default:
        return c->from[i] == INT32_MAX ? c->arg[i]
               : c->from[i] >= 0       ? calls[c->from[i]].result
                                       : calls[~c->from[i]].given;
    }
}

static void bare_tick(any_call *instead)
{
    for (size_t k = 0; k < n_calls; k++) {
        struct call *c = &calls[k];
        uintptr_t arg[ARGS];
        for (int i = 0; i < ARGS; i++)
            arg[i] = argument(c, i);
        given = (instead != NULL ? instead : c->function)(arg[0], arg[1], arg[2], arg[3], arg[4],
                                                          arg[5]);
        if (instead == NULL)
            c->result = given;
    }
}

/* ---- Measuring -------------------------------------------------------------------------------------------------------------- */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

static void die(const char *what, const actop_error *err)
{
    fprintf(stderr, "apple_tick: %s: %s\n", what, err->text);
    exit(1);
}

struct machine_case {
    struct apple_api api;
    struct source *source;
    struct schema *schema;
    struct frame frame;
    struct fold fold;
    struct analysis_options judge;
    struct sample_pool *pool;
    uint32_t want;
};

static void tick(struct machine_case *m)
{
    actop_error err;
    truth_run(fake_truth(), 1000000000);
    if (apple_source.read(m->source, m->want, 0, &m->frame, &err) != ACTOP_OK)
        die("read", &err);
}

static void fold(struct machine_case *m)
{
    actop_error err;
    struct actop_sample_t *part = sample_new(m->pool), *sample = NULL;
    if (part == NULL || fold_frame(&m->fold, &m->judge, &m->frame, part, &err) != ACTOP_OK ||
        fold_parts(&m->fold, m->pool, &part, 1, &sample, &err) != ACTOP_OK)
        die("fold", &err);
    actop_sample_unref(sample);
}

static double open_ns(struct machine_case *m)
{
    actop_error err;
    double from = now_ns();
    if (apple_open_api(&m->source, &m->api, &err) != ACTOP_OK ||
        apple_source.describe(m->source, &m->schema, &err) != ACTOP_OK)
        die("open", &err);
    return now_ns() - from;
}

static void close_case(struct machine_case *m)
{
    apple_source.close(m->source);
    schema_unref(m->schema);
    m->source = NULL;
    m->schema = NULL;
}

static size_t resident(void)
{
    unsigned long total = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu %lu", &total, &pages) != 2)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void print_rows(void)
{
    for (int row = 0; row < APPLE_ROW_COUNT; row++)
        if (fake_calls((enum apple_row)row) > 0)
            printf("%5lu %s\n", fake_calls((enum apple_row)row),
                   apple_row_name((enum apple_row)row));
}

int main(int argc, char **argv)
{
    static struct machine_case m, spied;
    static double bare[ROUNDS], empty[ROUNDS], read_[ROUNDS], folded[ROUNDS], opened[ROUNDS];
    actop_options o = ACTOP_OPTIONS_INIT;
    long ticks = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    actop_error err;
    if (ticks < 1 || !fake_start(argv[1], argv[2]) ||
        session_judge_options(&o, &m.judge, &err) != ACTOP_OK) {
        fputs("usage: apple_tick MACHINES NAME TICKS [rows]\n", stderr);
        return 2;
    }
    fake_fill(&m.api);
    make_spies(&spied.api);
    m.want = spied.want = o.want | ACTOP_WANT(ACTOP_SCOPE_PROCESS) | ACTOP_WANT_GPU_CLIENTS;
    m.pool = sample_pool_new();
    for (int r = 0; r < ROUNDS; r++) {
        opened[r] = open_ns(&m);
        close_case(&m);
    }
    open_ns(&m); /* first: a bare loop gets the very names of ports that it was looked on with */
    open_ns(&spied);
    for (int n = 0; n < 3; n++) /* what is asked once, for each process, has been asked */
        tick(&spied);
    fake_reset_calls();
    looking = true;
    tick(&spied);
    looking = false;
    unsigned long per_tick = fake_all_calls();
    if (argc > 4)
        print_rows();
    for (int n = 0; n < 3; n++) {
        tick(&m);
        fold(&m);
    }
    fake_reset_calls();
    bare_tick(NULL);
    if (fake_all_calls() != per_tick || per_tick != n_calls) {
        fprintf(stderr, "apple_tick: a tick makes %lu calls, the bare loop %lu\n", per_tick,
                fake_all_calls());
        return 1;
    }
    for (int r = 0; r < ROUNDS; r++) {
        for (long n = 0; n < ticks; n++) {
            truth_run(fake_truth(), 1000000000);
            double from = now_ns();
            bare_tick(NULL);
            double t1 = now_ns();
            bare_tick(nothing);
            double t2 = now_ns();
            truth_run(fake_truth(), 1000000000);
            double t3 = now_ns();
            if (apple_source.read(m.source, m.want, 0, &m.frame, &err) != ACTOP_OK)
                die("read", &err);
            double t4 = now_ns();
            fold(&m);
            double t5 = now_ns();
            bare[r] += (t1 - from) / (double)ticks;
            empty[r] += (t2 - t1) / (double)ticks;
            read_[r] += (t4 - t3) / (double)ticks;
            folded[r] += (t5 - t3) / (double)ticks;
        }
    }
    printf("%.0f %.0f %.0f %.0f %lu %zu\n", median(bare, ROUNDS) - median(empty, ROUNDS),
           median(read_, ROUNDS), median(folded, ROUNDS), median(opened, ROUNDS), per_tick,
           resident());
    return 0;
}
