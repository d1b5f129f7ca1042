/* SPDX-License-Identifier: MIT */
/* The Apple source on a system that lies: registry blobs, names, texts, numbers, SMC replies, IOReport formats and counts, lists
 * of interfaces, mounts and arguments come out of the input. Whatever they are, nothing breaks and everything is given back,
 * also when the decoder takes the frames (one input in two). The first two bytes choose which calls lie; the rest is what they
 * say, over and over. The machine is the smallest that has one of everything (tests/fake_apple/machines/tiny.txt), started
 * once: a million inputs take minutes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"
#include "fake_apple/fake.h"
#include "source/apple/apple.h"
#include "source/apple/cf.h"

static struct {
    const uint8_t *bytes;
    size_t n, at;
} input;

static struct apple_api honest;

static uint8_t next(void)
{
    return input.n == 0 ? 0 : input.bytes[input.at++ % input.n];
}

/* As next() for each byte. Some answers are hundreds of kilobytes: what stands there already is copied on, whole
 * rounds of the input at a time. */
static void fill(void *out, size_t n)
{
    uint8_t *to = out;
    size_t done = n < input.n ? n : input.n;

    for (size_t i = 0; i < done; i++)
        to[i] = next();
    if (done == 0)
        memset(to, 0, n);
    for (size_t some = done; some > 0 && done < n; done += some) {
        some = done < n - done ? done / input.n * input.n : n - done;
        memcpy(to + done, to, some);
    }
    input.at += n - (n < input.n ? n : input.n);
}

/* One answer in four is a lie, so that the rest of the way is walked too. */
static bool lies(void)
{
    return next() % 4 == 0;
}

static uint8_t blob[512];

static const uint8_t *lying_bytes(apple_cf data)
{
    if (!lies() || honest.CFDataGetLength(data) > (apple_index)sizeof blob)
        return honest.CFDataGetBytePtr(data);
    fill(blob, sizeof blob);
    return blob;
}

static apple_index lying_length(apple_cf data)
{
    apple_index n = honest.CFDataGetLength(data);

    return lies() ? next() % (n + 1) : n;
}

static uint8_t lying_text(apple_cf text, char *out, apple_index n, uint32_t encoding)
{
    apple_index length;

    if (!lies() || n < 2)
        return honest.CFStringGetCString(text, out, n, encoding);
    length = next() % n;
    fill(out, (size_t)length);
    out[length] = '\0';
    return next() % 8 != 0;
}

static uint8_t lying_number(apple_cf number, apple_index type, void *out)
{
    if (!lies())
        return honest.CFNumberGetValue(number, type, out);
    fill(out, 8);
    return next() % 8 != 0;
}

static apple_kern lying_smc(apple_port connection, uint32_t selector, const void *in,
                            size_t in_size, void *out, size_t *out_size)
{
    if (!lies())
        return honest.IOConnectCallStructMethod(connection, selector, in, in_size, out, out_size);
    fill(out, *out_size);
    *out_size -= next() % 8 == 0;
    return next() % 8 == 0;
}

static int32_t lying_format(apple_cf channel)
{
    return lies() ? (int8_t)next() : honest.IOReportChannelGetFormat(channel);
}

static int32_t lying_count(apple_cf channel)
{
    int32_t count = 0;

    if (!lies())
        return honest.IOReportStateGetCount(channel);
    fill(&count, 1 + next() % 4);
    return count;
}

static int lying_sysctl(int *name, unsigned names, void *out, size_t *n, void *new_value,
                        size_t new_size)
{
    if (!lies())
        return honest.sysctl(name, names, out, n, new_value, new_size);
    if (out == NULL)
        *n = 1u + next() * 16u;
    else
        fill(out, *n < 4096 ? *n : (*n = 4096));
    return next() % 8 == 0 ? -1 : 0;
}

static int lying_sysctlbyname(const char *name, void *out, size_t *n, void *new_value,
                              size_t new_size)
{
    if (!lies() || out == NULL)
        return honest.sysctlbyname(name, out, n, new_value, new_size);
    *n = next() % (*n + 1);
    fill(out, *n);
    return next() % 8 == 0 ? -1 : 0;
}

static int lying_mounts(void *out, int size, int flags)
{
    if (!lies())
        return honest.getfsstat(out, size, flags);
    if (out != NULL)
        fill(out, (size_t)size);
    return (int8_t)next();
}

static int lying_process(int pid, int flavor, uint64_t arg, void *out, int size)
{
    if (!lies())
        return honest.proc_pidinfo(pid, flavor, arg, out, size);
    fill(out, (size_t)size);
    return next() % 4 == 0 ? next() : size;
}

static int lying_pids(void *out, int size)
{
    if (!lies())
        return honest.proc_listallpids(out, size);
    if (out != NULL)
        fill(out, (size_t)size);
    return (int8_t)next();
}

static int lying_path(int pid, void *out, uint32_t size)
{
    if (!lies())
        return honest.proc_pidpath(pid, out, size);
    fill(out, size < 64 ? size : 64);
    return (int8_t)next();
}

static apple_kern lying_name(apple_port entry, char *name)
{
    if (!lies())
        return honest.IORegistryEntryGetName(entry, name);
    fill(name, 127); /* io_name_t: 128 bytes, ended by a zero */
    name[127] = '\0';
    return next() % 8 == 0;
}

static int lying_usage(int pid, int flavor, void *out)
{
    if (!lies())
        return honest.proc_pid_rusage(pid, flavor, out);
    fill(out, flavor == APPLE_RUSAGE_V6 ? sizeof(struct apple_rusage) : 296);
    return next() % 8 == 0 ? -1 : 0;
}

static void choose(struct apple_api *api, unsigned which)
{
#define LIE(bit, row, fn)                                                                          \
    if ((which >> (bit)&1u) != 0)                                                                  \
    api->row = fn
    LIE(0, CFDataGetBytePtr, lying_bytes);
    LIE(1, CFDataGetLength, lying_length);
    LIE(2, CFStringGetCString, lying_text);
    LIE(3, CFNumberGetValue, lying_number);
    LIE(4, IOConnectCallStructMethod, lying_smc);
    LIE(5, IOReportChannelGetFormat, lying_format);
    LIE(6, IOReportStateGetCount, lying_count);
    LIE(7, sysctl, lying_sysctl);
    LIE(8, sysctlbyname, lying_sysctlbyname);
    LIE(9, getfsstat, lying_mounts);
    LIE(10, proc_pidinfo, lying_process);
    LIE(11, proc_listallpids, lying_pids);
    LIE(12, proc_pidpath, lying_path);
    LIE(13, IORegistryEntryGetName, lying_name);
    LIE(14, proc_pid_rusage, lying_usage);
#undef LIE
}

static void start_once(void)
{
    static bool started;
    char path[512];

    if (started)
        return;
    started = true;
    snprintf(path, sizeof path, "%s/tests/fake_apple/machines",
             getenv("ACTOP_SOURCE") != NULL ? getenv("ACTOP_SOURCE") : ".");
    if (!fake_start(path, "tiny"))
        abort();
    fake_fill(&honest);
    cf_learn_types(&honest);
}

static void decode_frame(struct decoder *d, struct sample_pool *pool, const struct frame *f)
{
    struct actop_sample_t *sample = sample_new(pool);

    if (sample == NULL || decode_for("apple")->step(d, f, sample, NULL) != ACTOP_OK)
        abort();
    actop_sample_unref(sample);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void); /* a name of the sanitizer's */

/* A life makes and releases a few thousand objects: where each was made matters less than how many lives are tried. */
const char *__asan_default_options(void)
{
    return "malloc_context_size=1:quarantine_size_mb=16";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t want = ACTOP_WANT_DEFAULT | ACTOP_WANT(ACTOP_SCOPE_PROCESS) |
                          ACTOP_WANT_CMDLINE | ACTOP_WANT_GPU_CLIENTS;
    struct source *source = NULL;
    struct schema *schema = NULL;
    struct frame frame = {0};
    struct apple_api api;
    struct decoder *decoder = NULL;
    struct sample_pool *pool = NULL;

    if (size < 3)
        return 0;
    start_once();
    if ((data[1] & 0x80) != 0) {
        decoder = decode_for("apple")->create();
        pool = sample_pool_new();
        if (decoder == NULL || pool == NULL)
            abort();
    }
    api = honest;
    choose(&api, data[0] | (unsigned)data[1] << 8);
    input.bytes = data + 2;
    input.n = size - 2;
    input.at = 0;
    if (apple_open_api(&source, &api, NULL) != ACTOP_OK)
        abort();
    for (int life = 0; life < 2 && (life == 0 || data[0] % 8 == 0); life++) {
        schema_unref(schema);
        schema = NULL;
        if (apple_source.describe(source, &schema, NULL) != ACTOP_OK)
            break;
        for (int tick = 0; tick < 2; tick++) {
            truth_run(fake_truth(), 1000000000);
            if (apple_source.read(source, want, 0, &frame, NULL) == ACTOP_OK && decoder != NULL)
                decode_frame(decoder, pool, &frame);
        }
    }
    decode_for("apple")->destroy(decoder);
    sample_pool_unref(pool);
    frame_release(&frame);
    schema_unref(schema);
    apple_source.close(source);
    if (fake_live_objects() != 0 || fake_live_ports() != 0 || fake_live_others() != 0)
        abort();
    return 0;
}
