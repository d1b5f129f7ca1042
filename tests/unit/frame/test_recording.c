/* SPDX-License-Identifier: MIT */
/* Recording files: whole, cut at every byte, damaged, on a full disk, in memory that fails; and without names. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "frame/codec.h"
#include "frame/recording.h"
#include "lib/alloc.h"
#include "lib/frames.h"
#include "lib/test.h"

static char directory[] = "/tmp/actop-recording.XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/r", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

/* ---- helpers ---- */

/* Write frames of a machine; returns how many were written. changes: another schema comes half way. */
static int write_frames(struct frames *m, unsigned flags, int n, bool changes)
{
    struct recording_writer *w = NULL;
    actop_error err;
    if (recording_create(path, flags, &w, &err) != ACTOP_OK)
        return 0;
    int written = 0;
    for (; written < n; written++) {
        if (changes && written == n / 2 && !frames_change(m))
            break;
        if (!frames_next(m) || recording_write(w, &m->frame, &err) != ACTOP_OK)
            break;
    }
    return recording_close(w, &err) == ACTOP_OK ? written : 0;
}

static void read_file(struct buf *into)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    buf_clear(into);
    assert_true(buf_reserve(into, (size_t)st.st_size));
    char chunk[4096];
    for (ssize_t got = read(fd, chunk, sizeof chunk); got > 0; got = read(fd, chunk, sizeof chunk))
        buf_put(into, chunk, (size_t)got);
    (void)close(fd);
}

/* A feed over memory that gives a few bytes at a time. */
struct memory {
    const char *bytes;
    size_t n, at, step;
};

static ssize_t read_memory(void *self, void *bytes, size_t n)
{
    struct memory *m = self;
    size_t left = m->n - m->at;
    n = n < left ? n : left;
    n = n < m->step ? n : m->step;
    if (n > 0)
        memcpy(bytes, m->bytes + m->at, n);
    m->at += n;
    return (ssize_t)n;
}

struct outcome {
    actop_status opened;
    int frames, schemas;
    uint64_t last_seq;
    uint64_t damaged;
    actop_error end;
};

/* Read all of a recording in memory. */
static struct outcome read_all(const char *bytes, size_t n, size_t step)
{
    struct outcome o = {.schemas = 1};
    struct memory m = {bytes, n, 0, step};
    struct recording_reader *r = NULL;
    struct frame f = {0};
    o.opened = recording_reader_new((struct recording_feed){read_memory, &m}, "r", &r, &o.end);
    actop_status st = o.opened;
    while (st == ACTOP_OK || st == ACTOP_SCHEMA_CHANGED) {
        st = recording_read(r, &f, &o.end);
        o.frames += st == ACTOP_OK;
        o.schemas += st == ACTOP_SCHEMA_CHANGED;
        o.last_seq = st == ACTOP_OK ? f.seq : o.last_seq;
    }
    o.damaged = r == NULL ? 0 : recording_damaged_bytes(r);
    recording_reader_free(r);
    frame_release(&f);
    return o;
}

/* ---- whole files ---- */

static void a_file_gives_back_its_frames(void **state)
{
    (void)state;
    struct frames m, again;
    assert_true(frames_open(&m, 4, 30) && frames_open(&again, 4, 30));
    assert_int_equal(write_frames(&m, 0, 200, true), 200);
    struct recording_reader *r = NULL;
    struct frame f = {0};
    actop_error err;
    assert_int_equal(recording_open(path, &r, &err), ACTOP_OK);
    for (int i = 0; i < 200; i++) {
        assert_true(i != 100 || frames_change(&again));
        assert_true(frames_next(&again));
        actop_status st = recording_read(r, &f, &err);
        if (i == 100) {
            assert_int_equal(st, ACTOP_SCHEMA_CHANGED);
            st = recording_read(r, &f, &err);
        }
        assert_int_equal(st, ACTOP_OK);
        assert_null(schemas_differ(recording_schema(r), again.schema));
        const char *what = frames_differ(&again.frame, &f);
        if (what != NULL)
            fail_msg("frame %d: %s differs", i, what);
    }
    assert_int_equal(recording_read(r, &f, &err), ACTOP_END);
    assert_non_null(strstr(err.text, "end of the recording after frame 200"));
    assert_int_equal(recording_read(r, &f, &err), ACTOP_END); /* and stays so */
    recording_reader_free(r);
    frame_release(&f);
    frames_close(&m);
    frames_close(&again);
}

static void a_file_that_grows_is_read_up_to_its_end(void **state)
{
    (void)state;
    struct frames m;
    struct recording_writer *w = NULL;
    struct recording_stats stats;
    struct buf b = BUF_INIT;
    assert_true(frames_open(&m, 2, 0));
    assert_int_equal(recording_create(path, 0, &w, NULL), ACTOP_OK);
    for (int i = 1; i <= 70; i++) {
        assert_true(frames_next(&m));
        assert_int_equal(recording_write(w, &m.frame, NULL), ACTOP_OK);
        read_file(&b);
        recording_get_stats(w, &stats);
        assert_int_equal(stats.frames, i);
        assert_int_equal(stats.bytes, b.len);
        assert_int_equal(read_all(b.data, b.len, 1 << 16).frames, i);
    }
    assert_int_equal(recording_close(w, NULL), ACTOP_OK);
    buf_release(&b);
    frames_close(&m);
}

static void what_is_no_recording_is_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
        size_t n;
        actop_status want;
        const char *sentence;
    } rows[] = {
        {"nothing", "", 0, ACTOP_E_FORMAT, "is empty"},
        {"text", "#!/bin/sh\necho hello\n", 21, ACTOP_E_FORMAT, "is not an actop recording"},
        {"carried as text",
         "\x8b"
         "actop\n\n\2\0\0\0",
         12, ACTOP_E_FORMAT, "is not an actop recording"},
        {"a piece of the magic",
         "\x8b"
         "act",
         4, ACTOP_E_FORMAT, "cut before its first frame"},
        {"a header cut",
         "\x8b"
         "actop\r\n\2",
         9, ACTOP_E_FORMAT, "cut before its first frame"},
        {"a header alone",
         "\x8b"
         "actop\r\n\2\0\0\0",
         12, ACTOP_E_FORMAT, "cut before its first frame"},
        {"version 1, of before 2.0",
         "\x8b"
         "actop\r\n\1\0\0\0",
         12, ACTOP_E_VERSION, "version 1, and this actop reads version 2"},
        {"version 3",
         "\x8b"
         "actop\r\n\3\0\0\0",
         12, ACTOP_E_VERSION, "version 3, and this actop reads version 2"},
        {"version 256",
         "\x8b"
         "actop\r\n\0\1\0\0",
         12, ACTOP_E_VERSION, "version 256"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome o = read_all(rows[i].bytes, rows[i].n, 3);
        CHECK_ROW(o.opened == rows[i].want, rows[i].what);
        CHECK_ROW(strstr(o.end.text, rows[i].sentence) != NULL, rows[i].what);
    }
    struct recording_reader *r = NULL;
    actop_error err;
    assert_int_equal(recording_open("/nowhere/r", &r, &err), ACTOP_E_NOT_FOUND);
    assert_int_equal(recording_open("/", &r, &err), ACTOP_E_IO);
}

/* ---- cuts and damage ---- */

static void cut_at_any_byte_it_is_read_up_to_the_last_whole_frame(void **state)
{
    (void)state;
    struct frames m;
    struct buf b = BUF_INIT;
    size_t ends[13] = {0}; /* bytes of the file after each frame */
    struct recording_writer *w = NULL;
    struct recording_stats stats;
    assert_true(frames_open(&m, 1, 3));
    assert_int_equal(recording_create(path, 0, &w, NULL), ACTOP_OK);
    for (int i = 1; i <= 12; i++) {
        assert_true((i != 7 || frames_change(&m)) && frames_next(&m));
        assert_int_equal(recording_write(w, &m.frame, NULL), ACTOP_OK);
        recording_get_stats(w, &stats);
        ends[i] = (size_t)stats.bytes;
    }
    assert_int_equal(recording_close(w, NULL), ACTOP_OK);
    read_file(&b);
    for (size_t n = 0; n <= b.len; n++) {
        char *exact = malloc(n == 0 ? 1 : n); /* for the sanitizer */
        memcpy(exact, b.data, n);
        struct outcome o = read_all(exact, n, 1 << 16);
        free(exact);
        int whole = 0;
        while (whole < 12 && ends[whole + 1] <= n)
            whole++;
        if (o.frames != whole)
            fail_msg("cut at byte %zu: %d frames, not %d", n, o.frames, whole);
        assert_int_equal(o.damaged, 0);
        assert_true(o.end.text[0] != '\0');
        if (o.opened == ACTOP_OK && whole > 0 && n != ends[whole]) {
            char sentence[64];
            (void)snprintf(sentence, sizeof sentence, "is cut after frame %d", whole);
            /* After frame 6 the next piece is a schema: once that is whole, nothing is missing. */
            if (strstr(o.end.text, sentence) == NULL &&
                !(whole == 6 && strstr(o.end.text, "end of the recording") != NULL))
                fail_msg("cut at byte %zu: %s", n, o.end.text);
        }
    }
    buf_release(&b);
    frames_close(&m);
}

static void damage_is_skipped_up_to_the_next_keyframe(void **state)
{
    (void)state;
    struct frames m;
    struct buf b = BUF_INIT;
    assert_true(frames_open(&m, 1, 2));
    assert_int_equal(write_frames(&m, 0, 150, false), 150);
    read_file(&b);
    struct outcome whole = read_all(b.data, b.len, 1 << 16);
    assert_int_equal(whole.frames, 150);
    int least = 150;
    for (size_t at = RECORDING_HEADER; at < b.len; at += 1 + at % 13) {
        char was = b.data[at];
        b.data[at] = (char)(was ^ (1 << at % 8));
        struct outcome o = read_all(b.data, b.len, 777);
        b.data[at] = was;
        if (o.opened != ACTOP_OK)
            continue; /* the one schema block was hit */
        if (o.frames >= 150 || o.frames < 90)
            fail_msg("a flipped bit at byte %zu leaves %d frames", at, o.frames);
        assert_true(o.damaged > 0 || strstr(o.end.text, "cut") != NULL);
        least = o.frames < least ? o.frames : least;
    }
    assert_true(least < 140);
    buf_release(&b);
    frames_close(&m);
}

static void bytes_between_blocks_are_skipped(void **state)
{
    (void)state;
    struct frames m;
    struct buf b = BUF_INIT, both = BUF_INIT;
    assert_true(frames_open(&m, 1, 2));
    assert_int_equal(write_frames(&m, 0, 5, false), 5);
    read_file(&b);
    buf_put(&both, b.data, b.len);
    for (int i = 0; i < 1000; i++)
        buf_putc(&both, (char)(i % 3 == 0 ? 2 : i % 3));
    buf_put(&both, b.data,
            b.len); /* its header is skipped too: recordings put together are read as one */
    struct outcome o = read_all(both.data, both.len, 100);
    assert_int_equal(o.frames, 10);
    assert_int_equal(o.schemas, 2);
    assert_int_equal(o.damaged, 1000 + RECORDING_HEADER);
    assert_non_null(strstr(o.end.text, "1012 damaged bytes"));
    buf_release(&b);
    buf_release(&both);
    frames_close(&m);
}

static void blocks_of_later_versions_are_skipped_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t type;
        actop_status want;
        int frames;
    } rows[] = {{"may be skipped", 0x80, ACTOP_END, 3},
                {"must be understood", 0x03, ACTOP_E_VERSION, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct frames m;
        struct buf b = BUF_INIT;
        struct block_packer packer;
        assert_true(frames_open(&m, 1, 2));
        assert_int_equal(write_frames(&m, 0, 3, false), 3);
        read_file(&b);
        assert_int_equal(block_packer_init(&packer, NULL), ACTOP_OK);
        assert_int_equal(block_put(&packer, rows[i].type, 0, "later", 5, &b, NULL), ACTOP_OK);
        struct outcome o = read_all(b.data, b.len, 100);
        CHECK_ROW(o.frames == rows[i].frames && o.end.status == rows[i].want, rows[i].what);
        block_packer_release(&packer);
        buf_release(&b);
        frames_close(&m);
        (void)unlink(path);
    }
}

/* ---- where it cannot be written ---- */

static void files_that_hold_something_are_left_alone(void **state)
{
    (void)state;
    actop_error err;
    struct recording_writer *w = NULL;
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "precious", 8), 8);
    (void)close(fd);
    assert_int_equal(recording_create(path, 0, &w, &err), ACTOP_E_ARGUMENT);
    assert_non_null(strstr(err.text, "exists and is not empty"));
    struct buf b = BUF_INIT;
    read_file(&b);
    assert_string_equal(b.data, "precious");
    buf_release(&b);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(recording_create(path, 0, &w, &err), ACTOP_OK); /* an empty one is fine */
    assert_int_equal(recording_close(w, &err), ACTOP_OK);
    w = NULL;
    assert_int_equal(recording_create("/nowhere/r", 0, &w, &err), ACTOP_E_NOT_FOUND);
    assert_int_equal(recording_create(directory, 0, &w, &err), ACTOP_E_IO);
    assert_null(w);
}

static void a_file_being_recorded_to_is_busy(void **state)
{
    (void)state;
    int ready[2], done[2];
    char byte = 0;
    assert_true(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        /* It locks the empty file, as a recording does before its header is written. */
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        byte = fcntl(fd, F_SETLK, &whole) == 0;
        if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    actop_error err;
    struct recording_writer *w = NULL;
    assert_int_equal(recording_create(path, 0, &w, &err), ACTOP_E_BUSY);
    assert_int_equal(write(done[1], "", 1), 1);
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < 2; i++) {
        (void)close(ready[i]);
        (void)close(done[i]);
    }
}

static void a_full_device_ends_the_recording_with_a_sentence(void **state)
{
    (void)state;
    actop_error err;
    struct recording_writer *w = NULL;
    if (access("/dev/full", W_OK) != 0)
        SKIP_BECAUSE("there is no /dev/full");
    assert_int_equal(recording_create("/dev/full", 0, &w, &err), ACTOP_E_IO);
    assert_string_equal(err.text, "/dev/full: No space left on device");
    assert_null(w);
}

/* A limit on the size of files makes a write stop half way, as a full disk does. */
static void a_disk_that_fills_up_leaves_whole_frames(void **state)
{
    (void)state;
    struct rlimit was, small;
    struct frames m;
    assert_true(frames_open(&m, 2, 10));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 1500; limit < 1700; limit += 7) {
        struct recording_writer *w = NULL;
        struct recording_stats stats;
        actop_error err = {ACTOP_OK, ""};
        assert_int_equal(recording_create(path, 0, &w, &err), ACTOP_OK);
        small = was;
        small.rlim_cur = limit;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        actop_status st = ACTOP_OK;
        while (st == ACTOP_OK && frames_next(&m))
            st = recording_write(w, &m.frame, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
        assert_int_equal(st, ACTOP_E_IO);
        assert_non_null(strstr(err.text, strerror(EFBIG)));
        assert_int_equal(recording_write(w, &m.frame, &err), ACTOP_E_IO); /* and stays so */
        recording_get_stats(w, &stats);
        assert_int_equal(recording_close(w, &err), ACTOP_E_IO);
        struct buf b = BUF_INIT;
        read_file(&b);
        assert_int_equal(b.len, stats.bytes);
        struct outcome o = read_all(b.data, b.len, 1 << 16);
        assert_int_equal(o.frames, stats.frames);
        assert_null(strstr(o.end.text, "is cut after"));
        buf_release(&b);
        (void)unlink(path);
    }
    (void)signal(SIGXFSZ, old);
    frames_close(&m);
}

/* ---- memory that fails ---- */

static bool try_everything(void)
{
    struct frames m = {0};
    struct frame f = {0};
    struct recording_reader *r = NULL;
    (void)unlink(path);
    bool well = frames_open(&m, 1, 4) && write_frames(&m, RECORDING_SCRUB, 6, true) == 6 &&
                recording_open(path, &r, NULL) == ACTOP_OK;
    int frames = 0;
    actop_status st = well ? ACTOP_OK : ACTOP_END;
    while (st == ACTOP_OK || st == ACTOP_SCHEMA_CHANGED) {
        st = recording_read(r, &f, NULL);
        frames += st == ACTOP_OK;
    }
    recording_reader_free(r);
    frame_release(&f);
    frames_close(&m);
    return well && st == ACTOP_END && frames == 6;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    long n = 1;
    bool well;
    do { /* until no allocation was left to fail; what could do without one may do so */
        alloc_fail_nth(n++);
        well = try_everything();
    } while (alloc_failed());
    alloc_fail_nth(0);
    assert_true(well);
    assert_true(n > 50);
}

/* ---- without names ---- */

/* Every text of a frame and of its schema, one after another. */
static void put_texts(struct buf *out, const struct frame *f)
{
    const struct schema *s = f->schema;
    buf_put(out, s->pool.bytes, s->pool.len);
    if (f->n_bytes > 0)
        buf_put(out, f->bytes, f->n_bytes);
}

static bool holds(const struct buf *b, const char *text)
{
    size_t n = strlen(text);
    for (size_t at = 0; at + n <= b->len; at++)
        if (memcmp(b->data + at, text, n) == 0)
            return true;
    return false;
}

static const struct column_spec process_columns[] = {
    {"pid", "", SLOT_U64, COLUMN_KEY, 0}, {"name", "", SLOT_BYTES, 0, 0},
    {"user", "", SLOT_BYTES, 0, 0},       {"cmdline", "", SLOT_BYTES, 0, 0},
    {"exe", "", SLOT_BYTES, 0, 0},        {"of_somebody", "", SLOT_BYTES, 0, 0},
};
static const struct column_spec interface_columns[] = {{"name", "", SLOT_BYTES, COLUMN_KEY, 0}};
static const struct column_spec volume_columns[] = {{"mount", "", SLOT_BYTES, COLUMN_KEY, 0},
                                                    {"device", "", SLOT_BYTES, 0, 0}};

/* A schema and frame full of names; "canary" stands in each. */
static bool put_canaries(struct frame *f)
{
    struct schema *s = schema_new("linux", "linux");
    (void)schema_add_collector(s, "stat", EACCES, "/users/canary/sys/x: denied to 192.168.7.42",
                               "see /sys/class/powercap");
    (void)schema_add_channel(s, &(struct channel_spec){.key = "note",
                                                       .group = "g",
                                                       .name = "aa:bb:cc:dd:ee:ff",
                                                       .unit = "",
                                                       .label = "canary-free",
                                                       .type = SLOT_BYTES});
    (void)schema_add_rowset(s, "processes", ACTOP_SCOPE_PROCESS, 0, process_columns, 6);
    (void)schema_add_rowset(s, "interfaces", ACTOP_SCOPE_INTERFACE, 0, interface_columns, 1);
    (void)schema_add_rowset(s, "volumes", ACTOP_SCOPE_VOLUME, 0, volume_columns, 2);
    schema_put_text(s, "host/hostname", "canary.example.org");
    schema_put_text(s, "battery/serial", "canary-serial");
    schema_put_text(s, "somebody/new", "canary-new");
    schema_put_text(s, "sysctl/hw.model", "Mac14,2 fe80::1ff:fe23:4567:890a");
    schema_put_text(s, "cpu/model", "Chip 12th");
    if (schema_seal(s, NULL) != ACTOP_OK || frame_begin(f, s, 0, NULL) != ACTOP_OK)
        return false;
    schema_unref(s);
    f->seq = 1;
    frame_set_bytes(f, 0, "canary-note", 11);
    for (uint64_t i = 0; i < 3; i++) {
        uint32_t row = frame_row(f, 0);
        frame_cell_u64(f, 0, row, 0, 4242 + i);
        for (uint32_t c = 1; c < 6; c++)
            frame_cell_bytes(f, 0, row, c, i == 1 ? "canary-b" : "canary-a", 8);
    }
    static const char *const interfaces[] = {"eth0", "enp3s0f1", "canary-vpn", "enx0011223344aa"};
    for (size_t i = 0; i < 4; i++)
        frame_cell_bytes(f, 1, frame_row(f, 1), 0, interfaces[i], strlen(interfaces[i]));
    static const char *const volumes[][2] = {{"/", "/dev/nvme0n1p2"},
                                             {"/media/canary/disk", "/dev/mapper/canary"}};
    for (size_t i = 0; i < 2; i++) {
        uint32_t row = frame_row(f, 2);
        frame_cell_bytes(f, 2, row, 0, volumes[i][0], strlen(volumes[i][0]));
        frame_cell_bytes(f, 2, row, 1, volumes[i][1], strlen(volumes[i][1]));
    }
    return !f->failed;
}

static void check_cell(const struct frame *f, int32_t rowset, uint32_t row, uint32_t column,
                       const char *want)
{
    size_t n;
    assert_string_equal(frame_bytes(f, frame_cell(f, rowset, row, column), &n), want);
    assert_int_equal(n, strlen(want));
}

static void a_scrubbed_recording_names_nobody(void **state)
{
    (void)state;
    static const char *const gone[] = {
        "canary.", "canary-s", "canary-n", "canary-a",     "canary-b", "canary-v", "/users/canary",
        "192.168", "aa:bb",    "fe80",     "0011223344aa", "/media",   "mapper"};
    static const char *const kept[] = {"Chip 12th", "Mac14,2",     "/sys/class/powercap",
                                       "hostname",  "canary-free", "denied to"};
    struct frame f = {0}, got = {0};
    struct recording_writer *w = NULL;
    struct recording_reader *r = NULL;
    struct buf texts = BUF_INIT;
    assert_true(put_canaries(&f));
    assert_int_equal(recording_create(path, RECORDING_SCRUB, &w, NULL), ACTOP_OK);
    assert_int_equal(recording_write(w, &f, NULL), ACTOP_OK);
    f.seq++;
    assert_int_equal(recording_write(w, &f, NULL), ACTOP_OK);
    assert_int_equal(recording_close(w, NULL), ACTOP_OK);
    assert_int_equal(recording_open(path, &r, NULL), ACTOP_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(recording_read(r, &got, NULL), ACTOP_OK);
        put_texts(&texts, &got);
    }
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        CHECK_ROW(!holds(&texts, gone[i]), gone[i]);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        CHECK_ROW(holds(&texts, kept[i]), kept[i]);
    assert_string_equal(schema_get_text(got.schema, "host/hostname"), "host-1");
    assert_string_equal(schema_get_text(got.schema, "sysctl/hw.model"), "Mac14,2 address");
    check_cell(&got, 0, 0, 1, "process-1");
    check_cell(&got, 0, 1, 1, "process-2");
    check_cell(&got, 0, 2, 1, "process-1");
    check_cell(&got, 0, 0, 2, "user-1");
    check_cell(&got, 0, 0, 3, "");
    check_cell(&got, 1, 0, 0, "eth0");
    check_cell(&got, 1, 1, 0, "enp3s0f1");
    check_cell(&got, 1, 2, 0, "interface-1");
    check_cell(&got, 1, 3, 0, "interface-2");
    check_cell(&got, 2, 0, 0, "/");
    check_cell(&got, 2, 0, 1, "/dev/nvme0n1p2");
    check_cell(&got, 2, 1, 0, "/volume-1");
    check_cell(&got, 2, 1, 1, "device-1");
    assert_int_equal(frame_cell(&got, 0, 1, 0), 4243); /* numbers stay */
    recording_reader_free(r);
    frame_release(&f);
    frame_release(&got);
    buf_release(&texts);
}

/* ---- how far a file goes ---- */

static void write_bytes(const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    (void)close(fd);
}

/* What reading all of it says of the same bytes. */
static struct recording_span span_by_reading(const char *bytes, size_t n)
{
    struct recording_span span = {0};
    struct memory m = {bytes, n, 0, 1 << 16};
    struct recording_reader *r = NULL;
    struct frame f = {0};
    actop_status st = recording_reader_new((struct recording_feed){read_memory, &m}, "r", &r, NULL);
    while (st == ACTOP_OK || st == ACTOP_SCHEMA_CHANGED) {
        st = recording_read(r, &f, NULL);
        if (st == ACTOP_OK) {
            span.first_wall_ns = span.frames++ == 0 ? f.at.wall_ns : span.first_wall_ns;
            span.last_wall_ns = f.at.wall_ns;
        }
    }
    recording_reader_free(r);
    frame_release(&f);
    return span;
}

static void assert_same_span(const struct recording_span *got, const struct recording_span *want)
{
    assert_int_equal(got->frames, want->frames);
    assert_int_equal(got->first_wall_ns, want->first_wall_ns);
    assert_int_equal(got->last_wall_ns, want->last_wall_ns);
}

/* A survey of the file as it is now. */
static void check_survey(const struct buf *bytes, size_t n)
{
    struct recording_survey *s = NULL;
    struct recording_span got = {0}, want = span_by_reading(bytes->data, n);
    actop_error err;
    write_bytes(bytes->data, n);
    assert_int_equal(recording_survey_open(path, &s, &err), ACTOP_OK);
    actop_status st = recording_survey_read(s, &got, &err);
    assert_true((st == ACTOP_OK) == (want.frames > 0));
    assert_same_span(&got, &want);
    recording_survey_close(s);
}

static void a_survey_says_what_reading_all_would_wherever_a_file_is_cut_or_damaged(void **state)
{
    (void)state;
    struct frames m;
    struct buf bytes = {0};
    assert_true(frames_open(&m, 2, 5));
    assert_int_equal(write_frames(&m, 0, 150, true), 150);
    read_file(&bytes);
    check_survey(&bytes, bytes.len);
    for (size_t n = 0; n < bytes.len; n += 1 + n / 97)
        check_survey(&bytes, n);
    for (size_t at = RECORDING_HEADER; at < bytes.len; at += 1 + bytes.len / 61) {
        bytes.data[at] ^= 0x10;
        check_survey(&bytes, bytes.len);
        bytes.data[at] ^= 0x10;
    }
    buf_release(&bytes);
    frames_close(&m);
}

static void a_survey_follows_a_file_that_grows(void **state)
{
    (void)state;
    struct frames m;
    struct buf bytes = {0};
    assert_true(frames_open(&m, 2, 5));
    assert_int_equal(write_frames(&m, 0, 150, true), 150);
    read_file(&bytes);
    for (size_t step = 7; step < bytes.len; step = step * 3 + 1) {
        struct recording_survey *s = NULL;
        write_bytes(bytes.data, 0);
        assert_int_equal(recording_survey_open(path, &s, NULL), ACTOP_OK);
        int fd = open(path, O_WRONLY | O_APPEND);
        for (size_t n = 0; n < bytes.len; n += step) {
            size_t more = bytes.len - n < step ? bytes.len - n : step;
            assert_int_equal(write(fd, bytes.data + n, more), (ssize_t)more);
            if (step < 100 && n % 5 != 0)
                continue;
            struct recording_span got = {0}, want = span_by_reading(bytes.data, n + more);
            (void)recording_survey_read(s, &got, NULL);
            assert_same_span(&got, &want);
        }
        (void)close(fd);
        recording_survey_close(s);
    }
    buf_release(&bytes);
    frames_close(&m);
}

static void what_is_no_file_cannot_be_surveyed(void **state)
{
    (void)state;
    struct recording_survey *s = NULL;
    actop_error err;
    assert_int_equal(recording_survey_open("/dev/null", &s, &err), ACTOP_E_UNSUPPORTED);
    assert_int_equal(recording_survey_open("/nonexistent/r", &s, &err), ACTOP_E_NOT_FOUND);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(recording_survey_open(path, &s, &err), ACTOP_E_UNSUPPORTED);
    assert_null(s);
}

static void a_survey_survives_each_failing_allocation(void **state)
{
    (void)state;
    struct frames m;
    assert_true(frames_open(&m, 2, 5));
    assert_int_equal(write_frames(&m, 0, 90, true), 90);
    frames_close(&m);
    for (long n = 1;; n++) {
        struct recording_survey *s = NULL;
        struct recording_span span = {0};
        alloc_fail_nth(n);
        actop_status st = recording_survey_open(path, &s, NULL);
        if (st == ACTOP_OK)
            st = recording_survey_read(s, &span, NULL);
        bool failed = alloc_failed();
        alloc_fail_nth(0);
        if (failed && s != NULL) /* it goes on where it was */
            st = recording_survey_read(s, &span, NULL);
        assert_true(s == NULL || (st == ACTOP_OK && span.frames == 90 && span.last_wall_ns != 0));
        recording_survey_close(s);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_file_gives_back_its_frames, remove_file),
        cmocka_unit_test_teardown(a_file_that_grows_is_read_up_to_its_end, remove_file),
        cmocka_unit_test(what_is_no_recording_is_refused_with_a_sentence),
        cmocka_unit_test_teardown(cut_at_any_byte_it_is_read_up_to_the_last_whole_frame,
                                  remove_file),
        cmocka_unit_test_teardown(damage_is_skipped_up_to_the_next_keyframe, remove_file),
        cmocka_unit_test_teardown(bytes_between_blocks_are_skipped, remove_file),
        cmocka_unit_test(blocks_of_later_versions_are_skipped_or_refused),
        cmocka_unit_test_teardown(files_that_hold_something_are_left_alone, remove_file),
        cmocka_unit_test_teardown(a_file_being_recorded_to_is_busy, remove_file),
        cmocka_unit_test(a_full_device_ends_the_recording_with_a_sentence),
        cmocka_unit_test(a_disk_that_fills_up_leaves_whole_frames),
        cmocka_unit_test_teardown(every_failing_allocation_is_survived, remove_file),
        cmocka_unit_test_teardown(a_scrubbed_recording_names_nobody, remove_file),
        cmocka_unit_test_teardown(
            a_survey_says_what_reading_all_would_wherever_a_file_is_cut_or_damaged, remove_file),
        cmocka_unit_test_teardown(a_survey_follows_a_file_that_grows, remove_file),
        cmocka_unit_test_teardown(what_is_no_file_cannot_be_surveyed, remove_file),
        cmocka_unit_test_teardown(a_survey_survives_each_failing_allocation, remove_file),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
